import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { type ExportFormat, metadataSchema } from '../../shared/recording.ts';
import type { Home } from '../runner/home.ts';
import { limits } from '../runner/options.ts';
import { outputOf, parseRecording } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

const run = promisify(execFile);

/** What Debian's asciinema plays; it wants a terminal of its own. */
async function playedByAsciinema(cast: string, home: Home): Promise<string> {
  const played = join(home.exports, 'played');
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ASCIINEMA_CONFIG_HOME: home.user };
  await run('script', ['--quiet', '--return', '--command', `exec asciinema cat ${cast} > ${played}`, '/dev/null'], {
    env,
  });
  return readFile(played, 'utf8');
}

/** The files of a zip. */
async function unzip(file: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const zip = await yauzl.openPromise(file);
  for await (const entry of zip.eachEntry()) {
    entries.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  return entries;
}

test.use({ settings: limits(0, 0) });

test('a session is taken out in every format, and the files agree with each other', async ({ app, home, host }) => {
  await app.openTab();
  await app.terminal.run('echo "exported: $((40 + 2))"; printf "\\e[31mred\\e[0m \\xe2\\x8f\\xb3\\n"; exit');
  await app.card.waitForEnd('exited');

  const files: Partial<Record<ExportFormat, string>> = {};
  const take = async (format: ExportFormat): Promise<string> => {
    const file = await host.takeFile(home.exports, () => app.card.export(format));
    files[format] = file;
    return readFile(file, 'utf8');
  };

  const v3 = await take('cast-v3');
  const output = outputOf(parseRecording(v3));
  expect(output).toContain('exported: 42\r\n');
  expect(output).toContain('\x1b[31mred\x1b[0m ⏳');
  expect(v3).toBe(await home.recording());

  const v2 = await take('cast-v2');
  expect(JSON.parse(v2.split('\n')[0] ?? '')).toMatchObject({ version: 2 });
  expect(await playedByAsciinema(files['cast-v2'] ?? '', home)).toBe(output);

  const plain = await take('text');
  expect(plain).toContain('exported: 42\n');
  expect(plain).toContain('red ⏳');
  expect(plain).not.toContain('\x1b');

  const json = await take('json');
  const metadata = metadataSchema.parse(JSON.parse(json));
  expect(metadata.end).toMatchObject({ reason: 'exited', exitCode: 0 });
  expect(metadata.recording.sha256).toBe(createHash('sha256').update(v3).digest('hex'));

  await take('zip');
  const bundle = await unzip(files.zip ?? '');
  expect(Object.fromEntries(bundle)).toEqual({
    [`${metadata.id}/recording.cast`]: v3,
    [`${metadata.id}/recording.v2.cast`]: v2,
    [`${metadata.id}/output.txt`]: plain,
    [`${metadata.id}/session.json`]: json,
  });
});

test('a session that runs is taken out as far as it has come', async ({ app, home, host }) => {
  await app.openTab();
  await app.terminal.run('echo "so far: $((1 + 1))"');
  await app.terminal.waitForLine('so far: 2');
  const file = await host.takeFile(home.exports, () => app.page.keyboard.press('Control+Shift+S'));
  const recording = [...(await unzip(file))].find(([name]) => name.endsWith('/recording.cast'))?.[1] ?? '';
  expect(outputOf(parseRecording(recording))).toContain('so far: 2');
  await app.terminal.run('echo "goes on: $((2 + 2))"');
  await app.terminal.waitForLine('goes on: 4');
});
