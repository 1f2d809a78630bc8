import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaFiles, schemaFolder } from './event-schemas.ts';

// npm run schemas: docs/schemas, from the definitions in shared/events.ts.

const files = schemaFiles();
await mkdir(schemaFolder, { recursive: true });
for (const name of await readdir(schemaFolder)) {
  if (!files.has(name)) await rm(join(schemaFolder, name));
}
for (const [name, text] of files) await writeFile(join(schemaFolder, name), text);
console.log(`${files.size} schemas in ${schemaFolder}`);
