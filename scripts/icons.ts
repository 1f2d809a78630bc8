import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { iconFiles, iconFolder } from './icon-files.ts';

// npm run icons: packaging/icons, from the drawing in renderer/icon.svg.

await mkdir(iconFolder, { recursive: true });
for (const [name, content] of iconFiles()) await writeFile(join(iconFolder, name), content);
console.log(iconFolder);
