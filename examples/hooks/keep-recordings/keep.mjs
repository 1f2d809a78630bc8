#!/usr/bin/env node
// Copies the recording of each session that ends to a folder in the home folder, checks the copy, and writes the event
// beside it. The folder's name is the first argument.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

const event = await json(process.stdin);
if (event.type !== 'org.sandglass.session.end') {
  console.log(`Nothing to keep of ${event.type}`);
  process.exit(0);
}
const { sessionId, profile, recording, startedAt, summary } = event.data;
if (recording === null || recording.file === null) {
  console.log(`${sessionId} has no recording: ${summary}`);
  process.exit(0);
}

const folder = join(homedir(), process.argv[2] ?? 'recordings');
await mkdir(folder, { recursive: true });
// The same name each time: an event that is delivered twice makes one copy.
const copy = join(folder, `${startedAt.slice(0, 10)} ${profile.id} ${sessionId}.cast`);
await copyFile(recording.file, `${copy}.part`);
if (recording.sha256 !== null) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(`${copy}.part`), hash);
  // Fails, and is tried again later.
  if (hash.digest('hex') !== recording.sha256) throw new Error(`The copy of ${recording.file} is not the same`);
}
await rename(`${copy}.part`, copy);
await writeFile(`${copy}.json`, JSON.stringify(event, null, 2));
console.log(`${copy}: ${summary}`);
