import { spawnSync } from 'node:child_process';
import { appendFile, copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import yauzl from 'yauzl';
import { EXPORT_FORMATS, type ExportFormat } from '../../../shared/recording.ts';
import { METADATA, openRecording, SESSION_ID, STARTED_AT, TempFolder } from '../testing/recordings.ts';
import { createExport, type ExportMetadata } from './export.ts';

const testdata = join(import.meta.dirname, '../testdata');

/** A session's folder that holds the recording of the golden files. */
async function goldenFolder(temp: TempFolder): Promise<string> {
  await copyFile(join(testdata, 'session.v3.cast'), join(temp.path, 'recording.cast'));
  return temp.path;
}

/** The folder of a session that wrote this. */
async function recorded(temp: TempFolder, output: readonly (string | [number, number])[]): Promise<string> {
  const { recorder, folder } = await openRecording(temp.path);
  let atMs = 0;
  for (const part of output) {
    if (typeof part === 'string') recorder.output(atMs, Buffer.from(part));
    else recorder.resize(atMs, ...part);
    if (++atMs % 100 === 0) await recorder.flush();
  }
  await recorder.close(atMs, 0);
  return folder;
}

const read = (format: ExportFormat, folder: string, metadata: ExportMetadata = METADATA): Promise<string> =>
  text(createExport(format, { folder, metadata }).open());

/** Runs a shell command in a terminal of its own (asciinema wants one); gives its exit status. */
function inTerminal(command: string, env: Record<string, string>): number | null {
  const options = { env: { ...process.env, LC_ALL: 'C.UTF-8', ...env }, stdio: 'ignore' } as const;
  return spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], options).status;
}

describe('every export', () => {
  test('has a safe name that says when the session was, and a media type', () => {
    const at = new Date(STARTED_AT);
    const time = `${String(at.getHours()).padStart(2, '0')}${String(at.getMinutes()).padStart(2, '0')}`;
    const exports = EXPORT_FORMATS.map((format) => createExport(format, { folder: '/nowhere', metadata: METADATA }));
    const day = `sandglass-2026-11-${at.getDate()}-${time}-345678`;
    expect(exports.map(({ name }) => name)).toEqual([
      `${day}.cast`,
      `${day}.v2.cast`,
      `${day}.txt`,
      `${day}.json`,
      `${day}.zip`,
    ]);
    expect(exports.map(({ mediaType }) => mediaType.split(';')[0])).toEqual([
      'application/x-asciicast',
      'application/x-asciicast',
      'text/plain',
      'application/json',
      'application/zip',
    ]);
  });

  test('says what is wrong when the recording is gone, and leaves nothing open', async () => {
    await using temp = await TempFolder.make();
    for (const format of ['cast-v3', 'cast-v2', 'text', 'zip'] as const) {
      const reading = buffer(createExport(format, { folder: temp.path, metadata: METADATA }).open());
      await expect(reading).rejects.toMatchObject({
        code: 'export_failed',
        message: `The recording ${join(temp.path, 'recording.cast')} cannot be read. The file or its folder is gone.`,
      });
    }
  });

  test('names the line that is damaged', async () => {
    await using temp = await TempFolder.make();
    const folder = await goldenFolder(temp);
    await appendFile(join(folder, 'recording.cast'), '[0.1, "o", broken]\n[0.1, "o", "fine"]\n');
    for (const format of ['cast-v2', 'text', 'zip'] as const) {
      await expect(buffer(createExport(format, { folder, metadata: METADATA }).open())).rejects.toThrow(
        'is damaged: line 9 is not an event.',
      );
    }
    await writeFile(join(folder, 'recording.cast'), '{"version": 2, "width": 80, "height": 24}\n');
    await expect(read('cast-v2', folder)).rejects.toThrow('is not an asciicast v3 recording');
    await truncate(join(folder, 'recording.cast'));
    await expect(read('cast-v3', folder)).rejects.toThrow('is empty.');
    expect(temp.openFiles()).toEqual([]);
  });

  test('leaves out a last line that is torn', async () => {
    await using temp = await TempFolder.make();
    const folder = await goldenFolder(temp);
    const whole = await Promise.all(EXPORT_FORMATS.slice(0, 3).map((format) => read(format, folder)));
    await appendFile(join(folder, 'recording.cast'), `[0.1, "o", "${'torn'.repeat(50_000)}`);
    expect(await Promise.all(EXPORT_FORMATS.slice(0, 3).map((format) => read(format, folder)))).toEqual(whole);
  });

  test('closes what it reads when it is destroyed half-way', async () => {
    await using temp = await TempFolder.make();
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(80)}\r\n`);
    const folder = await recorded(temp, lines);
    for (const format of ['cast-v3', 'cast-v2', 'text', 'zip'] as const) {
      createExport(format, { folder, metadata: METADATA }).open().destroy();
      const stream = createExport(format, { folder, metadata: METADATA }).open();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      for await (const chunk of stream) {
        expect(chunk).toBeInstanceOf(Buffer);
        break;
      }
      await closed;
      await expect.poll(() => temp.openFiles()).toEqual([]);
    }
  });

  test('can be made of a session that is still being recorded', async (context) => {
    if (spawnSync('asciinema', ['--version']).error !== undefined) context.skip('asciinema is not installed');
    await using temp = await TempFolder.make();
    const { recorder, folder } = await openRecording(temp.path);
    recorder.output(5, Buffer.from('so far\r\n'));
    await recorder.flush();
    const metadata = { id: SESSION_ID, startedAt: STARTED_AT };
    expect(await read('text', folder, metadata)).toBe('so far\n');
    expect(JSON.parse(await read('json', folder, metadata))).toEqual(metadata);
    expect(await read('cast-v2', folder, metadata)).not.toContain('duration');
    await recorder.close(6, 0);
  });
});

describe('asciicast', () => {
  test('v3 is the recording as it is', async () => {
    await using temp = await TempFolder.make();
    const folder = await goldenFolder(temp);
    expect(await read('cast-v3', folder)).toBe(await readFile(join(testdata, 'session.v3.cast'), 'utf8'));
  });

  test('v2 counts times from the beginning, and has the time of the exit without its status', async () => {
    await using temp = await TempFolder.make();
    const folder = await goldenFolder(temp);
    expect(await read('cast-v2', folder)).toBe(await readFile(join(testdata, 'session.v2.cast'), 'utf8'));
  });

  test('v2 is played by asciinema with the output that was recorded', async (context) => {
    if (spawnSync('asciinema', ['--version']).error !== undefined) context.skip('asciinema is not installed');
    await using temp = await TempFolder.make();
    const output = [
      '$ \u001b[1mls\u001b[0m\r\n',
      [100, 30] as [number, number],
      'größe 日本 🎉 \\ "\r\n',
      '\u0007end\r\n',
    ];
    const folder = await recorded(temp, output);
    const file = join(temp.path, 'export.cast');
    await writeFile(file, createExport('cast-v2', { folder, metadata: METADATA }).open());
    const played = join(temp.path, 'played');
    expect(inTerminal(`exec asciinema cat ${file} > ${played}`, { ASCIINEMA_CONFIG_HOME: temp.path })).toBe(0);
    expect(await readFile(played, 'utf8')).toBe(output.filter((part) => typeof part === 'string').join(''));
  });
});

describe('plain text', () => {
  const textOf = async (...output: (string | [number, number])[]): Promise<string> => {
    await using temp = await TempFolder.make();
    return read('text', await recorded(temp, output));
  };

  test('shows what was overwritten in its last state', async () => {
    expect(await textOf('  0%\r 50%\r100%\r\n', 'abx\b \bc\r\n', 'one\r\ntwo\r\n\u001b[2Alast\u001b[K\r\n\r\n')).toBe(
      '100%\nabc\nlast\ntwo\n',
    );
  });

  test('has no control sequences, nor what they carry', async () => {
    expect(
      await textOf(
        '\u001b]0;title\u0007\u001b[38;5;9mred\u001b[0m ',
        '\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007\r\n\r\n',
      ),
    ).toBe('red link\n');
  });

  test('leaves out the alternate screen of full-screen programs', async () => {
    expect(
      await textOf('before\r\n', '\u001b[?1049h\u001b[2J\u001b[Hvim\r\n'.repeat(50), '\u001b[?1049l', 'after'),
    ).toBe('before\nafter\n');
  });

  test('keeps what was cleared or reset', async () => {
    expect(await textOf('one\r\n', '\u001b[H\u001b[2J\u001b[3J', 'two\r\n', '\u001bc', 'three')).toBe(
      'one\ntwo\nthree\n',
    );
  });

  test('does not break lines where the window did, whatever its size', async () => {
    const long = Array.from({ length: 100 }, (_, index) => `word${index}`).join(' ');
    expect(await textOf(`${long}\r\n`, [20, 5], `${long}\r\n`, [300, 80], 'end\r\n')).toBe(`${long}\n${long}\nend\n`);
  });

  test('reads emoji, joined ones, flags and variation selectors as the window does', async () => {
    expect(await textOf('ab😀\b\b  \b\bXY\r\n', '👩‍👩‍👧|🇩🇪|❤️|\b.\r\n')).toBe('abXY\n👩‍👩‍👧|🇩🇪|❤️.\n');
  });

  test('has every line of a long output, once', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    const pieces: string[] = [];
    for (let index = 0; index < lines.length; index += 500)
      pieces.push(`${lines.slice(index, index + 500).join('\r\n')}\r\n`);
    pieces.splice(60, 0, '\u001b[?1049hhidden', '\u001b[?1049l');
    expect(await textOf(...pieces)).toBe(`${lines.join('\n')}\n`);
  });

  test('loses nothing while lines and screens alternate quickly', async () => {
    const part = Array.from({ length: 200 }, (_, index) => `l${index}\r\n`).join('');
    const output = `${part}\u001b[?1049h${'x\r\n'.repeat(300)}\u001b[?1049l`.repeat(100);
    expect((await textOf(output)).split('\n').filter((line) => line === 'l199')).toHaveLength(100);
  });

  test('is not held up by sequences that repeat for ever', async () => {
    const hostile = ['b', 'S', 'T', 'L', 'M', 'I', 'Z'].map((final) => `x\u001b[2147483647${final}`).join('');
    expect(await textOf(hostile, '\r\ndone\r\n')).toBe(`${'x'.repeat(7)}\ndone\n`);
  });
});

test('the zip holds all formats of the same state, for its owner alone', async () => {
  await using temp = await TempFolder.make();
  const folder = await goldenFolder(temp);
  const zip = await yauzl.fromBufferPromise(await buffer(createExport('zip', { folder, metadata: METADATA }).open()));
  const files: Record<string, string> = {};
  const modes = new Set<number>();
  for await (const entry of zip.eachEntry()) {
    files[entry.fileName] = await text(await zip.openReadStreamPromise(entry));
    modes.add((entry.externalFileAttributes >>> 16) & 0o777);
  }
  expect(files).toEqual({
    [`${SESSION_ID}/recording.cast`]: await read('cast-v3', folder),
    [`${SESSION_ID}/recording.v2.cast`]: await read('cast-v2', folder),
    [`${SESSION_ID}/output.txt`]: await read('text', folder),
    [`${SESSION_ID}/session.json`]: await read('json', folder),
  });
  expect([...modes]).toEqual([0o600]);
});
