import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { processTable } from '../backends/pty/terminal-session.ts';
import { isAlive } from '../backends/testing/shells.ts';
import { noTracker } from '../processes/tracker.ts';
import { type CommandSurroundings, fetchByCommand } from './command-source.ts';
import { fetchFromFile } from './file-source.ts';
import type { Fetched } from './value.ts';

let folder: string;
let surroundings: CommandSurroundings;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-sources-'));
  surroundings = {
    environment: { PATH: process.env.PATH, FROM_APP: 'yes' },
    home: folder,
    processes: processTable(),
    tracker: noTracker,
  };
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function words(fetched: Fetched): string {
  return fetched.ok ? `value ${fetched.value.toString()}` : fetched.message;
}

describe('a file', () => {
  const read = async (content: string | Uint8Array, mode = 0o600): Promise<string> => {
    const file = join(folder, 'secret');
    rmSync(file, { force: true });
    writeFileSync(file, content, { mode: 0o600 });
    chmodSync(file, mode);
    return words(await fetchFromFile(file)).replace(file, 'FILE');
  };

  test('gives what it holds, without its last line end', async () => {
    expect(await read('a secret')).toBe('value a secret');
    expect(await read('a secret\n')).toBe('value a secret');
    expect(await read('two\nlines\r\n')).toBe('value two\nlines');
    expect(await read('ends in lines\n\n')).toBe('value ends in lines\n');
    expect(await read('x'.repeat(65_536))).toBe(`value ${'x'.repeat(65_536)}`);
  });

  test.each([
    ['nothing', '\n', 'gave nothing.'],
    ['too much', 'x'.repeat(65_537), 'gave more than 64 KiB.'],
    ['far too much', 'x'.repeat(1_000_000), 'gave more than 64 KiB.'],
    ['a zero byte', 'secret\0value', 'gave something that is not text.'],
    ['bytes', Uint8Array.of(0xff, 0xfe, 1, 2, 3, 4, 5, 6), 'gave something that is not text.'],
    ['too few characters', ' 12345 ', 'gave fewer than 6 characters, which could not be kept out of recordings.'],
    [
      'nothing that is seen',
      ' \t\n'.repeat(20),
      'gave fewer than 6 characters, which could not be kept out of recordings.',
    ],
  ])('with %s is none', async (_what, content, expected) => {
    expect(await read(content)).toBe(`The file FILE ${expected}`);
  });

  test.runIf(process.platform !== 'win32')(
    'that others can read or write is refused, and how to mend it said',
    async () => {
      expect(await read('a secret', 0o644)).toBe('The file FILE can be read by every user of this machine.');
      expect(await read('a secret', 0o620)).toBe('The file FILE can be written by others.');
      expect(await read('a secret', 0o640)).toBe('value a secret');
      expect(await read('a secret', 0o400)).toBe('value a secret');
      chmodSync(join(folder, 'secret'), 0o644);
      expect(await fetchFromFile(join(folder, 'secret'))).toMatchObject({
        hint: `Keep it to yourself: chmod 600 ${join(folder, 'secret')}`,
      });
    },
  );

  test('is a file: not a folder, a pipe that nobody writes to, or nothing', async () => {
    expect(words(await fetchFromFile(folder))).toBe(`${folder} is not a file.`);
    expect(words(await fetchFromFile(join(folder, 'none')))).toBe(`There is no file ${join(folder, 'none')}.`);
    if (process.platform === 'win32') return;
    const pipe = join(folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    expect(words(await fetchFromFile(pipe))).toBe(`${pipe} is not a file.`);
    symlinkSync(join(folder, 'linked'), join(folder, 'link'));
    writeFileSync(join(folder, 'linked'), 'behind a link', { mode: 0o600 });
    expect(words(await fetchFromFile(join(folder, 'link')))).toBe('value behind a link');
  });
});

describe.runIf(process.platform !== 'win32')('a command', () => {
  const never = new AbortController().signal;
  const run = async (script: string, others: Partial<CommandSurroundings> = {}, signal = never): Promise<string> =>
    words(await fetchByCommand('sh', ['-c', script], { ...surroundings, ...others }, signal));

  test('gives what it prints, without its last line end', async () => {
    expect(await run('echo a-secret')).toBe('value a-secret');
    expect(await run('printf "two\\nlines"')).toBe('value two\nlines');
  });

  test('runs as it is, without a shell around it', async () => {
    const fetched = await fetchByCommand('echo', ['$HOME;', 'two  words'], surroundings, never);
    expect(words(fetched)).toBe('value $HOME; two  words');
  });

  test('runs in the home folder, with the app’s environment, without input or terminal, in a group of its own', async () => {
    expect(await run('echo "$PWD $FROM_APP"')).toBe(`value ${folder} yes`);
    expect(await run('cat; echo no-input')).toBe('value no-input');
    expect(await run('(: </dev/tty) 2>/dev/null && echo has-terminal || echo no-terminal')).toBe('value no-terminal');
    const group = '{ cut -d" " -f5 /proc/$$/stat || ps -o pgid= -p $$; } 2>/dev/null';
    expect(await run(`[ "$(${group})" -eq $$ ] && echo own-group`)).toBe('value own-group');
  });

  test('that fails gives nothing, and what it says on stderr is told nobody', async () => {
    const fetched = await fetchByCommand(
      'sh',
      ['-c', 'echo the-secret >&2; echo the-secret; exit 3'],
      surroundings,
      never,
    );
    expect(fetched).toEqual({
      ok: false,
      message: 'The command sh ended with exit status 3.',
      hint: 'Run it in a terminal to see what it says.',
    });
    expect(await run('kill -SEGV $$')).toBe('The command sh was ended by SIGSEGV.');
    expect(await run('true')).toBe('The command sh gave nothing.');
  });

  test('that is not there, or may not be run, is named', async () => {
    const start = async (command: string): Promise<string> =>
      words(await fetchByCommand(command, [], surroundings, never));
    expect(await start('/nonexistent/command')).toBe('The command /nonexistent/command was not found.');
    mkdirSync(join(folder, 'bin'));
    expect(await start(join(folder, 'bin'))).toBe(`The command ${join(folder, 'bin')} may not be run by you.`);
    expect(await run('echo without-home', { home: '/nonexistent' })).toBe('value without-home');
  });

  /** Starts children in other groups and sessions that ignore SIGHUP, and writes down their pids. */
  const spreading = (file: string, then: string): string =>
    `echo $$ >>${file}; (trap '' HUP TERM; echo $(exec sh -c 'echo $PPID') >>${file}; sleep 1000) & setsid sh -c 'echo $$ >>${file}; sleep 1001' & ${then}`;
  const expectAllGone = async (file: string): Promise<void> => {
    const pids = (): number[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []);
    expect(pids()).toHaveLength(3);
    await vi.waitFor(() => expect(pids().filter(isAlive)).toEqual([]), { timeout: 10_000 });
  };
  const allWritten = (file: string): Promise<void> =>
    vi.waitFor(() => expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3), { timeout: 10_000 });

  test('that takes too long is killed with all that it has started', async () => {
    const file = join(folder, 'late');
    expect(await run(spreading(file, 'sleep 1002'), { timeoutMs: 1_500 })).toBe(
      'The command sh took longer than 2 seconds.',
    );
    await expectAllGone(file);
  });

  test('that floods is killed with all that it has started', async () => {
    const file = join(folder, 'flood');
    expect(await run(spreading(file, `while [ "$(wc -l <${file})" -lt 3 ]; do :; done; yes`))).toBe(
      'The command sh printed more than 64 KiB.',
    );
    await expectAllGone(file);
  });

  test('that nobody needs any more is killed with all that it has started', async () => {
    const file = join(folder, 'aborted');
    const abort = new AbortController();
    const running = run(spreading(file, 'sleep 1003'), {}, abort.signal);
    await allWritten(file);
    abort.abort();
    expect(await running).toBe('It was not waited for.');
    await expectAllGone(file);
    expect(await run('echo never', {}, abort.signal)).toBe('It was not waited for.');
  });

  test('may leave an agent behind, which is not waited for', async () => {
    const file = join(folder, 'agent');
    expect(
      await run(
        `setsid sh -c 'echo $$ >${file}; exec sleep 1004' & while [ ! -s ${file} ]; do :; done; echo the-value`,
      ),
    ).toBe('value the-value');
    const agent = Number(readFileSync(file, 'utf8'));
    expect(isAlive(agent)).toBe(true);
    process.kill(agent, 'SIGKILL');
  });
});
