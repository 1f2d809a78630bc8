import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, readdirSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createRecorderFactory } from './recorder-factory.ts';
import { createFile, type OpenFile, type RecordingHandle } from './recording-file.ts';
import { HEADER, ManualTimers, openRecording, SESSION_ID, TempFolder } from './testing/recordings.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const kilobytes = (count: number): Uint8Array => new Uint8Array(count * 1_024).fill(0x61);

/** The events of a file of which every line must be complete. */
function parse(file: string): [number, string, string][] {
  expect(file.endsWith('\n')).toBe(true);
  return file
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .slice(1);
}

const TINY_BYTES = 65_536;

/** A file system of 64 kB in memory; where mounting is not permitted, files that end where it would be full. */
function tinyDisk(path: string): Disposable & { readonly openFile: OpenFile } {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${TINY_BYTES}`, 'none', path], { stdio: 'ignore' });
    return { openFile: createFile, [Symbol.dispose]: () => void execFileSync('umount', [path]) };
  } catch {
    return { openFile: tinyFile, [Symbol.dispose]: () => {} };
  }
}

const tinyFile: OpenFile = async (file) => {
  const handle = await createFile(file);
  return withWrite(handle, async (buffer, offset, length, position) => {
    if (position < TINY_BYTES) return handle.write(buffer, offset, Math.min(length, TINY_BYTES - position), position);
    await using full = await open('/dev/full', constants.O_WRONLY);
    return await full.write(buffer, offset, length);
  });
};

describe('a recording', () => {
  test('is the asciicast v3 file that it always was', async () => {
    await using temp = await TempFolder.make();
    const { recorder, truncations } = await openRecording(temp.path);
    recorder.output(12.4, Buffer.from('$ \u001b[1;32mls\u001b[0m\r\n'));
    recorder.output(40, Buffer.from('größe \\ "a" 日本').subarray(0, 18));
    recorder.output(70, Buffer.from('größe \\ "a" 日本').subarray(18));
    recorder.resize(500.6, 120, 40);
    recorder.output(501, Buffer.from([0x07, 0x7f, 0xff, 0x41, 0x0d, 0x0a]));
    recorder.marker(2_000, 'warning: 1 minute left');
    const closed = await recorder.close(2_500, 0);
    const file = await readFile(closed.file);
    expect(file.toString()).toBe(await readFile(join(import.meta.dirname, 'testdata/session.v3.cast'), 'utf8'));
    expect(closed).toEqual({
      file: join(temp.path, '2026/11', SESSION_ID, 'recording.cast'),
      bytes: file.length,
      sha256: sha256(file),
      truncated: false,
      message: null,
    });
    expect(truncations).toEqual([]);
  });

  test('is for its owner alone', async () => {
    await using temp = await TempFolder.make();
    const { recorder, folder } = await openRecording(join(temp.path, 'sessions'));
    const { file } = await recorder.close(0, null);
    expect(await modeOf(file)).toBe('600');
    for (const path of [folder, join(folder, '..'), join(folder, '../..'), join(temp.path, 'sessions')]) {
      expect(await modeOf(path)).toBe('700');
    }
  });

  test('is written at most a second behind, with a timer only while something waits', async () => {
    await using temp = await TempFolder.make();
    const { recorder, timers } = await openRecording(temp.path);
    expect(timers.waiting.size).toBe(0);
    recorder.output(0, Buffer.from('a'));
    recorder.output(1, Buffer.from('b'));
    const [timer] = timers.waiting.values();
    expect(timers.waiting.size).toBe(1);
    expect(timer?.delayMs).toBeLessThanOrEqual(1_000);
    const before = recorder.bytes;
    timers.fire();
    await recorder.flush();
    expect(recorder.bytes).toBeGreaterThan(before);
    expect(timers.waiting.size).toBe(0);
    await recorder.close(2, 0);
  });

  test('holds all that came before a flush, also while more is coming', async () => {
    await using temp = await TempFolder.make();
    const { recorder, folder } = await openRecording(temp.path);
    recorder.output(0, Buffer.from('first'));
    const flushed = recorder.flush();
    recorder.output(1, Buffer.from('second'));
    await flushed;
    expect(await readFile(join(folder, 'recording.cast'), 'utf8')).toContain('"first"');
    const { file } = await recorder.close(2, 3);
    expect(parse(await readFile(file, 'utf8'))).toEqual([
      [0, 'o', 'first'],
      [0.001, 'o', 'second'],
      [0.001, 'x', '3'],
    ]);
    await recorder.flush();
  });

  test('keeps every byte of a flood, in order', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path);
    const sent: Buffer[] = [];
    for (let index = 0; index < 3_000; index++) {
      const chunk = Buffer.from(`${index} \u001b[3${index % 8}m${'é'.repeat(index % 700)}\r\n`);
      sent.push(chunk);
      recorder.output(index / 10, chunk);
      if (index % 500 === 0) await recorder.flush();
    }
    const { file } = await recorder.close(300, null);
    const text = parse(await readFile(file, 'utf8'))
      .map(([, , data]) => data)
      .join('');
    expect(text).toBe(Buffer.concat(sent).toString());
  });

  test('is written in few, large pieces under load', async () => {
    await using temp = await TempFolder.make();
    let writes = 0;
    const { recorder } = await openRecording(temp.path, {
      openFile: async (file) => {
        const handle = await createFile(file);
        return withWrite(handle, (...write) => {
          writes++;
          return handle.write(...write);
        });
      },
    });
    for (let index = 0; index < 1_024; index++) {
      recorder.output(index / 100, kilobytes(4));
      if (index % 32 === 0) await nextTurn();
    }
    await recorder.close(20, 0);
    expect(writes).toBeLessThanOrEqual(1 + 4_096 / 256 + 1);
  });

  test('closes once, and leaves no timer and no open file', async () => {
    await using temp = await TempFolder.make();
    const { recorder, timers } = await openRecording(temp.path);
    recorder.output(0, Buffer.from([0x41, 0xe2]));
    expect(temp.openFiles()).toHaveLength(1);
    const [first, second] = await Promise.all([recorder.close(10, null), recorder.close(20, 7)]);
    expect(second).toBe(first);
    recorder.output(30, Buffer.from('late'));
    recorder.resize(30, 1, 1);
    const file = await readFile(first.file, 'utf8');
    expect(parse(file)).toEqual([
      [0, 'o', 'A'],
      [0.01, 'o', '\ufffd'],
    ]);
    expect(first.sha256).toBe(sha256(Buffer.from(file)));
    expect(timers.waiting.size).toBe(0);
    expect(temp.openFiles()).toEqual([]);
  });
});

describe('a disk that fails', () => {
  test('leaves what fitted on it as complete lines, and is told once', async () => {
    await using temp = await TempFolder.make();
    const disk = join(temp.path, 'disk');
    await mkdir(disk);
    using tiny = tinyDisk(disk);
    const { recorder, truncations, timers } = await openRecording(disk, { openFile: tiny.openFile });
    for (let index = 0; index < 20; index++) {
      recorder.output(index * 20, kilobytes(1));
      await recorder.flush();
    }
    recorder.output(500, kilobytes(100));
    await recorder.flush();
    recorder.output(600, kilobytes(100));
    const closed = await recorder.close(1_000, 0);
    expect(closed).toMatchObject({ truncated: true, sha256: null, message: truncations[0] });
    expect(truncations).toEqual([
      expect.stringMatching(/^The recording stopped, but the session continues. The disk is full/),
    ]);
    const file = await readFile(closed.file, 'utf8');
    expect(parse(file)).toHaveLength(20);
    expect(closed.bytes).toBe(Buffer.byteLength(file));
    expect(timers.waiting.size).toBe(0);
    expect(temp.openFiles()).toEqual([]);
  });

  test('that takes nothing at all fails the open, and leaves nothing there', async () => {
    await using temp = await TempFolder.make();
    const full = () => open('/dev/full', constants.O_WRONLY);
    await expect(openRecording(temp.path, { openFile: full })).rejects.toThrow('The disk is full.');
    await expect(stat(join(temp.path, '2026/11', SESSION_ID))).rejects.toThrow('ENOENT');
  });

  test('stops the recording when its folder was removed', async () => {
    await using temp = await TempFolder.make();
    const { recorder, truncations, folder } = await openRecording(temp.path);
    await rm(folder, { recursive: true });
    recorder.output(0, kilobytes(1));
    await recorder.flush();
    expect(truncations).toEqual([expect.stringContaining('The file or its folder is gone.')]);
    expect(await recorder.close(1, 0)).toMatchObject({ truncated: true, sha256: null });
    expect(temp.openFiles()).toEqual([]);
  });

  test('that is slow leaves a gap which says what is missing', async () => {
    await using temp = await TempFolder.make();
    const slow = Promise.withResolvers<void>();
    const { recorder, truncations } = await openRecording(temp.path, {
      maxWaitingBytes: 1_000_000,
      openFile: async (file) => {
        const handle = await open(file, 'wx', 0o600);
        let writes = 0;
        return withWrite(handle, async (buffer, offset, length, position) => {
          if (writes++ > 0) await slow.promise;
          return handle.write(buffer, offset, length, position);
        });
      },
    });
    for (let index = 0; index < 2_000; index++) recorder.output(index, kilobytes(1));
    const flushed = recorder.flush();
    slow.resolve();
    await flushed;
    recorder.output(3_000, Buffer.from('after'));
    const closed = await recorder.close(3_001, 0);
    const file = await readFile(closed.file);
    const events = parse(file.toString());
    const recorded = events.reduce((sum, [, code, data]) => sum + (code === 'o' ? data.length : 0), 0) - 'after'.length;
    expect(events.slice(-3)).toEqual([
      [expect.any(Number), 'm', `gap: ${2_000 * 1_024 - recorded} bytes of output are missing`],
      [0, 'o', 'after'],
      [0.001, 'x', '0'],
    ]);
    expect(truncations).toEqual([expect.stringContaining('It came faster than it could be written.')]);
    expect(closed).toMatchObject({ truncated: true, message: truncations[0], sha256: sha256(file) });
  });

  test('that does not answer at all does not hold up the end of a session', async () => {
    await using temp = await TempFolder.make();
    const hung = Promise.withResolvers<{ bytesWritten: number }>();
    const asked = Promise.withResolvers<void>();
    const { recorder, timers, truncations } = await openRecording(temp.path, {
      openFile: async (file) => {
        const handle = await open(file, 'wx', 0o600);
        let writes = 0;
        return withWrite(handle, (buffer, offset, length, position) => {
          if (writes++ === 0) return handle.write(buffer, offset, length, position);
          asked.resolve();
          return hung.promise;
        });
      },
    });
    recorder.output(0, kilobytes(1));
    const closing = recorder.close(1, 0);
    await asked.promise;
    timers.fire();
    expect(await closing).toMatchObject({ truncated: true, sha256: null });
    expect(truncations).toEqual([expect.stringContaining('The disk does not answer.')]);
    expect(timers.waiting.size).toBe(0);
    hung.resolve({ bytesWritten: 0 });
  });

  test('cuts the line that it tore', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path, {
      openFile: async (file) => {
        const handle = await open(file, 'wx', 0o600);
        let writes = 0;
        return withWrite(handle, (buffer, offset, length, position) => {
          writes++;
          if (writes > 2) throw Object.assign(new Error('write'), { code: 'EIO' });
          return handle.write(buffer, offset, writes === 1 ? length : length - 5, position);
        });
      },
    });
    recorder.output(0, Buffer.from('kept'));
    recorder.marker(1, 'torn');
    const closed = await recorder.close(2, null);
    expect(closed.message).toContain('The disk reported an error.');
    expect(parse(await readFile(closed.file, 'utf8'))).toEqual([[0, 'o', 'kept']]);
    expect(temp.openFiles()).toEqual([]);
  });
});

describe('the thread that encodes', () => {
  const module = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const encoderUrl = module(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (job) => {
      if (job.kind !== 'open') throw new Error('out of order');
      parentPort.postMessage(null);
    });
  `);

  test('is done without when it cannot be started', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path, { encoderUrl: module('throw new Error("no thread")') });
    recorder.output(0, Buffer.from('here'));
    const closed = await recorder.close(1, 0);
    const file = await readFile(closed.file);
    expect(parse(file.toString())).toEqual([
      [0, 'o', 'here'],
      [0.001, 'x', '0'],
    ]);
    expect(closed.sha256).toBe(sha256(file));
  });

  test('ends recordings as truncated when it fails', async () => {
    await using temp = await TempFolder.make();
    const { recorder, truncations } = await openRecording(temp.path, { encoderUrl });
    recorder.output(0, Buffer.from('lost'));
    await recorder.flush();
    expect(truncations).toEqual([expect.stringContaining('Its encoder failed.')]);
    const closed = await recorder.close(1, 0);
    expect(closed).toMatchObject({ truncated: true, sha256: null });
    expect(parse(await readFile(closed.file, 'utf8'))).toEqual([]);
    expect(temp.openFiles()).toEqual([]);
  });

  test('encodes many recordings at once, and is gone with the last', async () => {
    await using temp = await TempFolder.make();
    const threads = (): number => readdirSync('/proc/self/task').length;
    const factory = createRecorderFactory({
      folder: temp.path,
      clock: new ManualTimers(),
      logger: { warn: () => {} },
    });
    const recordings = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const sessionId = `${SESSION_ID.slice(0, -2)}${String(index).padStart(2, '0')}`;
        const result = await factory.open({ ...HEADER, sessionId }, { onTruncated: () => {} });
        if (!result.ok) throw new Error(result.failure.message);
        return result.recorder;
      }),
    );
    const running = threads();
    for (const [index, recorder] of recordings.entries()) recorder.output(0, Buffer.from(`session ${index}`));
    const closed = await Promise.all(recordings.map((recorder) => recorder.close(1, null)));
    for (const [index, { file, sha256: told }] of closed.entries()) {
      const content = await readFile(file);
      expect(parse(content.toString())).toEqual([[0, 'o', `session ${index}`]]);
      expect(told).toBe(sha256(content));
    }
    await expect.poll(threads).toBeLessThan(running);
  });
});

describe('a recording that cannot be opened', () => {
  test('is a failed start with its stage, not an exception', async () => {
    await using temp = await TempFolder.make();
    const inTheWay = join(temp.path, 'sessions');
    await writeFile(inTheWay, '');
    const factory = createRecorderFactory({ folder: inTheWay, clock: new ManualTimers(), logger: { warn: () => {} } });
    expect(await factory.open(HEADER, { onTruncated: () => {} })).toEqual({
      ok: false,
      failure: {
        stage: 'recording',
        message: `The recording cannot be written to ${inTheWay}/2026/11/${SESSION_ID}. Something else stands in its place.`,
        hint: 'Move it away, then try again.',
      },
    });
  });

  test('never overwrites another one', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path);
    const { file } = await recorder.close(0, 0);
    await expect(openRecording(temp.path)).rejects.toThrow('Something else stands in its place.');
    expect(parse(await readFile(file, 'utf8'))).toEqual([[0, 'x', '0']]);
  });
});

/** A file whose writes are made by the test. */
function withWrite(handle: RecordingHandle, write: RecordingHandle['write']): RecordingHandle {
  return {
    write,
    truncate: (length) => handle.truncate(length),
    datasync: () => handle.datasync(),
    stat: () => handle.stat(),
    close: () => handle.close(),
  };
}
