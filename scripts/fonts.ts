import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockFont } from './block-font.ts';
import { projectRoot } from './project.ts';

// npm run fonts: renderer/styles/blocks.otf, from the shapes in block-font.ts.

const file = join(projectRoot, 'renderer', 'styles', 'blocks.otf');
await writeFile(file, blockFont());
console.log(file);
