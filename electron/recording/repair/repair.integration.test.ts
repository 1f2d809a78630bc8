import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, link, mkdir, open, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventEncoder, encodeHeader } from '../encoder.ts';
import { readCast } from '../exports/cast-reader.ts';
import { createExport } from '../exports/export.ts';
import { fileError } from '../failure.ts';
import { MemoryFile } from '../testing/memory-file.ts';
import { HEADER, METADATA, openRecording, TempFolder } from '../testing/recordings.ts';
import { type RepairResult, repairRecording, UNKNOWN_EXIT_STATUS } from './repair.ts';

const CRASH_LABEL = 'ended when Sandglass stopped unexpectedly';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const golden = join(import.meta.dirname, '../testdata/session.v3.cast');
/** The longest that a repair may add: a marker and an exit status. */
const END_BYTES = `\n[000000.000, "m", "${CRASH_LABEL}"]\n[0.000, "x", "-1"]\n`.length;

interface Lines {
  readonly header: unknown;
  readonly events: [number, string, string][];
}

/** A file of which every line must be complete; comments are left out. */
function parse(file: Buffer): Lines {
  const content = file.toString('utf8');
  expect(content.endsWith('\n')).toBe(true);
  const [header, ...events] = content
    .slice(0, -1)
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => JSON.parse(line));
  return { header, events };
}

const repairIn = (file: MemoryFile, endMs = 0): Promise<RepairResult> =>
  repairRecording('/memory', { endMs, open: file.open });

async function repaired(file: MemoryFile, endMs = 0) {
  const result = await repairIn(file, endMs);
  if (!result.ok) throw new Error(result.message);
  expect(result.bytes).toBe(file.content.length);
  expect(result.sha256).toBe(sha256(file.content));
  return result;
}

/** Recordings as the recorder writes them, without their end. */
const recordings = fc
  .array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 3_000 }),
      event: fc.oneof(
        { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((data) => ['o', data]) },
        fc.constantFrom(
          ['r', '120x40'],
          ['m', 'warning: 1 minute left'],
          ['o', '\u001b[?1049h\u001b[2J\u0000 日本"\\'],
        ),
      ),
    }),
    { maxLength: 12 },
  )
  .map((events) => {
    const encoder = new EventEncoder();
    let atMs = 0;
    const lines = events.flatMap(({ afterMs, event: [kind, data = ''] }) => {
      atMs += afterMs;
      const bytes = Buffer.from(data);
      if (kind === 'o') return encoder.encode({ kind: 'output', atMs, length: bytes.length }, bytes);
      return encoder.encode({ kind: kind === 'r' ? 'r' : 'm', atMs, data }, bytes);
    });
    return { header: encodeHeader(HEADER), lines: lines.map((line) => Buffer.from(line, 'latin1')), atMs };
  });

describe('a recording that was cut off anywhere', () => {
  test('plays to its last whole event, has an end, and no more than that', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.integer({ min: 0, max: 20_000 }), async ({ header, lines }, endMs) => {
        const whole = Buffer.concat([header, ...lines]);
        for (let cut = 0; cut <= whole.length; cut += 1) {
          const file = new MemoryFile(whole.subarray(0, cut));
          // A header is whole without its line end, too.
          if (cut < header.length - 1) {
            expect(await repairIn(file, endMs)).toMatchObject({ ok: false, obstacle: 'empty', bytes: cut });
            expect(file.content).toEqual(whole.subarray(0, cut));
            continue;
          }
          const { lastEventMs, hadEnd, exitStatus } = await repaired(file, endMs);
          const { events } = parse(file.content);
          const kept = events.slice(0, -2);
          // All lines that are complete but for their line end.
          const survivors = lines.filter((_line, index) => {
            const end = header.length + lines.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0);
            return end - 1 <= cut;
          });
          expect(kept).toEqual(survivors.map((line) => JSON.parse(line.toString())));
          expect(events.slice(-2).map(([, ...event]) => event)).toEqual([
            ['m', CRASH_LABEL],
            ['x', UNKNOWN_EXIT_STATUS],
          ]);
          expect(file.content.length).toBeLessThanOrEqual(cut + END_BYTES);
          const sum = events.reduce((at, [interval]) => at + Math.round(interval * 1_000), 0);
          expect(lastEventMs).toBe(sum);
          expect(lastEventMs).toBeGreaterThanOrEqual(endMs);
          expect({ hadEnd, exitStatus }).toEqual({ hadEnd: false, exitStatus: UNKNOWN_EXIT_STATUS });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is not changed by a second repair, whenever that is', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.nat(), fc.nat(10_000), fc.nat(90_000), async ({ header, lines }, at, ...ends) => {
        const whole = Buffer.concat([header, ...lines]);
        const file = new MemoryFile(whole.subarray(0, header.length + (at % (whole.length - header.length + 1))));
        const first = await repaired(file, ends[0]);
        const { content, writes } = file;
        const second = await repaired(file, ends[1]);
        expect(file.content).toEqual(content);
        expect(file.writes).toBe(writes);
        expect(second).toEqual({ ...first, hadEnd: true, cutBytes: 0 });
      }),
    );
  });

  test('is completed by the next repair when one was interrupted at any byte of what it wrote', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.nat(), async ({ header, lines }, at) => {
        const whole = Buffer.concat([header, ...lines]);
        const torn = whole.subarray(0, header.length + (at % (whole.length - header.length + 1)));
        const undisturbed = new MemoryFile(torn);
        await repaired(undisturbed, 5_000);
        for (let takes = 0; takes < END_BYTES; takes += 1) {
          const file = new MemoryFile(torn);
          file.takes = takes;
          file.diesWhenFull = true;
          await repairIn(file, 5_000);
          file.takes = Number.POSITIVE_INFINITY;
          await repaired(file, 5_000);
          expect(parse(file.content).events).toEqual(parse(undisturbed.content).events);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('damage', () => {
  const lines = ['[0.100, "o", "one\\r\\n"]\n', '[0.200, "o", "two\\r\\n"]\n', '[0.300, "o", "three\\r\\n"]\n'];
  const header = encodeHeader(HEADER).toString();
  const fileOf = (...parts: (string | Buffer)[]): MemoryFile =>
    new MemoryFile(Buffer.concat(parts.map((part) => Buffer.from(part))));
  const outputOf = (file: MemoryFile): string[] =>
    parse(file.content).events.flatMap(([, code, data]) => (code === 'o' ? [data.trim()] : []));

  test.each([
    ['zeros, as a power failure leaves them', Buffer.alloc(10_000)],
    ['zeros behind the start of a line', Buffer.concat([Buffer.from('[0.1, "o", "ab'), Buffer.alloc(5_000)])],
    ['a whole line that is no JSON', '[0.100, "o", "unfin\n'],
    ['a whole line that is no event', '{"version": 3}\n'],
    ['an event without data', '[0.100, "o"]\n'],
    ['an event that goes back in time', '[-1, "o", "x"]\n'],
    [
      'bytes that are no text',
      Buffer.from([0x5b, 0x30, 0x2c, 0x22, 0x6f, 0x22, 0x2c, 0x22, 0xc3, 0x28, 0x22, 0x5d, 0x0a]),
    ],
    ['several such lines', Buffer.concat([Buffer.from('nonsense\n[]\n'), Buffer.alloc(300), Buffer.from('\n"x"\n')])],
    ['an interval beyond all time', '[1e300, "o", "x"]\n'],
  ])('at the end is cut off: %s', async (_name, damage) => {
    const file = fileOf(header, ...lines, damage);
    const { cutBytes, gap } = await repaired(file);
    expect(outputOf(file)).toEqual(['one', 'two', 'three']);
    expect({ cutBytes, gap }).toEqual({ cutBytes: Buffer.from(damage).length, gap: null });
  });

  test.each([10, 59, 300, 70_000, 3_000_000])(
    'of %i bytes in the middle loses nothing that comes after it',
    async (bytes) => {
      const damage = Buffer.alloc(bytes);
      damage[bytes - 1] = 0x0a;
      const file = fileOf(header, lines[0] ?? '', damage, ...lines.slice(1));
      const first = await repaired(file);
      expect(outputOf(file)).toEqual(['one', 'two', 'three']);
      expect(first.gap).not.toBeNull();
      expect(file.content.includes(0)).toBe(false);
      if (bytes > 100) {
        expect(parse(file.content).events.filter(([, code, data]) => code === 'm' && data.startsWith('gap: '))).toEqual(
          [[0, 'm', `gap: ${bytes} bytes of the recording are damaged`]],
        );
      }
      expect(await repaired(file)).toMatchObject({ sha256: first.sha256, cutBytes: 0 });
    },
  );

  test.each([
    ['header', 'no header\n'],
    ['header of another version', '{"version": 2, "width": 80, "height": 24}\n'],
  ])('of the %s leaves nothing to be played, and the file alone', async (_name, first) => {
    const file = fileOf(first, ...lines);
    const before = file.content;
    expect(await repairIn(file)).toMatchObject({ ok: false, obstacle: 'no_header', bytes: before.length });
    expect(file.content).toBe(before);
    expect(await repairIn(fileOf(Buffer.alloc(9_000)))).toMatchObject({ ok: false, obstacle: 'empty' });
  });

  test('all over the file leaves it alone', async () => {
    const file = fileOf(header, `nonsense\n${lines.join('')}`.repeat(1_100));
    const before = file.content;
    expect(await repairIn(file)).toMatchObject({ ok: false, obstacle: 'riddled', bytes: before.length });
    expect(file.content).toBe(before);
  });

  test('does not hide what recordings may have: comments, empty lines, events of codes that are not known', async () => {
    const file = fileOf(header, '# a comment\n\n', lines[0] ?? '', '[0.5, "q", "later"]\n[0.000, "x", "3"]\n# bye\n');
    const before = file.content;
    expect(await repaired(file)).toMatchObject({ hadEnd: true, exitStatus: '3', lastEventMs: 600, cutBytes: 0 });
    expect(file.content).toBe(before);
    expect(file.writes).toBe(0);
  });
});

describe('a recording on the disk', () => {
  test('that was closed stays as it is, byte for byte', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path);
    recorder.output(10, Buffer.from('hello\r\n'));
    recorder.resize(20, 132, 50);
    const closed = await recorder.close(1_234, 7);
    await utimes(closed.file, 1, 1);
    const result = await repairRecording(closed.file, { endMs: 99_000 });
    expect(result).toMatchObject({
      ok: true,
      bytes: closed.bytes,
      sha256: closed.sha256,
      lastEventMs: 1_234,
      hadEnd: true,
      exitStatus: '7',
      cols: 132,
      rows: 50,
    });
    expect((await stat(closed.file)).mtimeMs).toBe(1_000);
  });

  test('that was torn can be exported in every format, and is what its checksum says', async () => {
    await using temp = await TempFolder.make();
    const file = join(temp.path, 'recording.cast');
    const lines = (await readFile(golden, 'utf8')).trimEnd().split('\n').slice(0, -1);
    await writeFile(file, `${lines.join('\n')}\n[0.500, "o", "torn`, { mode: 0o600 });
    const result = await repairRecording(file, { endMs: 60_000 });
    const content = await readFile(file);
    expect(result).toMatchObject({ ok: true, sha256: sha256(content), bytes: content.length, lastEventMs: 60_000 });
    await using recording = await readCast(file, content.length);
    const events: unknown[] = [];
    for await (const event of recording.events) events.push(event);
    expect(events.slice(-2)).toEqual([
      { atMicros: 60_000_000, code: 'm', data: CRASH_LABEL },
      { atMicros: 60_000_000, code: 'x', data: '-1' },
    ]);
    for (const format of ['cast-v3', 'cast-v2', 'text', 'json'] as const)
      expect(await text(createExport(format, { folder: temp.path, metadata: METADATA }).open())).not.toBe('');
    // A temporary file of its own would be a second place to lose it from.
    expect(execFileSync('ls', ['-A', temp.path], { encoding: 'utf8' })).toBe('recording.cast\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test.runIf(spawnSync('asciinema', ['--version']).error === undefined)('plays in asciinema afterwards', async () => {
    await using temp = await TempFolder.make();
    const file = join(temp.path, 'recording.cast');
    await writeFile(file, `${encodeHeader(HEADER)}[0.010, "o", "hello\\r\\n"]\n[0.010, "o", "tor`);
    await repairRecording(file, { endMs: 30 });
    const v2 = join(temp.path, 'v2.cast');
    await writeFile(v2, await text(createExport('cast-v2', { folder: temp.path, metadata: METADATA }).open()));
    const played = join(temp.path, 'played');
    // It wants a terminal of its own.
    const { status } = spawnSync(
      'script',
      ['--quiet', '--return', '--command', `asciinema cat "${v2}" > "${played}"`, '/dev/null'],
      { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C.UTF-8', ASCIINEMA_CONFIG_HOME: temp.path } },
    );
    expect(status).toBe(0);
    expect(await readFile(played, 'utf8')).toBe('hello\r\n');
  });

  test('is never reached through a link, and nothing but a file is touched', async () => {
    await using temp = await TempFolder.make();
    const target = join(temp.path, 'target');
    await writeFile(target, `${encodeHeader(HEADER)}[0.1, "o", "`);
    const before = await readFile(target);
    await symlink(target, join(temp.path, 'link'));
    await symlink('/nowhere', join(temp.path, 'dangling'));
    await mkdir(join(temp.path, 'folder'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(temp.path, 'pipe')]);
    for (const name of ['link', 'dangling', 'folder', ...(process.platform === 'win32' ? [] : ['pipe'])]) {
      const result = await repairRecording(join(temp.path, name), { endMs: 0 });
      expect(result, name).toMatchObject({ ok: false, obstacle: 'not_a_file' });
    }
    expect(await readFile(target)).toEqual(before);
    expect(await repairRecording(join(temp.path, 'none'), { endMs: 0 })).toMatchObject({ obstacle: 'missing' });
    expect(temp.openFiles()).toEqual([]);
  });

  test('that another process changes meanwhile is left to the next repair', async () => {
    await using temp = await TempFolder.make();
    const file = join(temp.path, 'recording.cast');
    await writeFile(file, `${encodeHeader(HEADER)}[0.1, "o", "`);
    const result = await repairRecording(file, {
      endMs: 0,
      open: async (path, access) => {
        if (access === 'write') await appendFile(path, 'more');
        return open(path, access === 'write' ? 'r+' : 'r');
      },
    });
    expect(result).toMatchObject({ ok: false, obstacle: 'unwritable' });
    expect((await readFile(file, 'utf8')).endsWith('"more')).toBe(true);
    await link(file, join(temp.path, 'other'));
    expect(await repairRecording(file, { endMs: 0 })).toMatchObject({ ok: true });
  });

  test('of many megabytes is read in bounded memory', async () => {
    await using temp = await TempFolder.make();
    const file = join(temp.path, 'recording.cast');
    const line = `[0.001, "o", ${JSON.stringify('x'.repeat(60_000))}]\n`;
    await using handle = await open(file, 'w');
    await handle.writeFile(encodeHeader(HEADER));
    for (let count = 0; count < 10; count += 1) await handle.writeFile(line.repeat(100));
    // A hole of zeros larger than memory should be asked for, as a sparse file.
    const { size } = await handle.stat();
    await truncate(file, size + 128 * 1_048_576);
    const before = process.resourceUsage().maxRSS;
    const { ok } = await repairRecording(file, { endMs: 0 });
    expect(ok).toBe(true);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1_024);
    expect((await stat(file)).size).toBeLessThan(size + 200);
  }, 60_000);
});

describe('a disk that does not take the end', () => {
  test('loses nothing: the recording can be read to its last event, and the next repair completes it', async () => {
    const whole = Buffer.concat([encodeHeader(HEADER), Buffer.from('[0.100, "o", "one"]\n')]);
    for (let takes = 0; takes < 60; takes += 1) {
      const file = new MemoryFile(Buffer.concat([whole, Buffer.from('[0.1')]));
      file.takes = takes;
      const result = await repairIn(file, 2_000);
      expect(result).toMatchObject({ ok: false, obstacle: 'unwritable', lastEventMs: 100 });
      expect(result.ok ? '' : result.message).toContain('The disk is full.');
      expect(file.content).toEqual(whole);
      file.takes = Number.POSITIVE_INFINITY;
      expect(await repaired(file, 2_000)).toMatchObject({ lastEventMs: 2_000 });
    }
  });

  test('that is read-only is told, and nothing is touched', async () => {
    const file = new MemoryFile(Buffer.concat([encodeHeader(HEADER), Buffer.from('[0.100, "o", "one')]));
    const before = file.content;
    const result = await repairRecording('/memory', {
      endMs: 500,
      open: async (path, access) => {
        if (access === 'write') throw fileError('EROFS', 'read-only file system');
        return file.open(path, access);
      },
    });
    expect(result).toMatchObject({ ok: false, obstacle: 'unwritable', lastEventMs: 0 });
    expect(result.ok ? '' : result.message).toContain('The file system is read-only.');
    expect(file.content).toBe(before);
  });
});
