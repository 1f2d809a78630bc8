import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HookEntry } from './hook.ts';
import { readHookFolder } from './hook-folder.ts';
import { HookFolders, script } from './testing/hook-folders.ts';

const SECRETS = [1, 2, 3].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
const [FIRST = '', SECOND = '', THIRD = ''] = SECRETS;
const RUN = 'events: [session:end]\nrun: notify.sh\n';
const isPosix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;

let folders: HookFolders;
beforeEach(() => {
  folders = new HookFolders();
});
afterEach(() => folders[Symbol.dispose]());

function read(environment: Record<string, string> = {}): ReadonlyMap<string, HookEntry> {
  const reading = readHookFolder(folders.root, environment);
  if (!reading.ok) throw new Error(reading.code);
  return reading.entries;
}

function messageOf(name: string, environment: Record<string, string> = {}): string | null {
  const entry = read(environment).get(name);
  if (entry === undefined) throw new Error('There is no such hook');
  return entry.state === 'broken' ? entry.message : null;
}

function webhook(more: string): string {
  return `events: [session:end]\nwebhook:\n  url: https://example.org/hooks?key=7\n  ${more}\n`;
}

describe('the folder of hooks', () => {
  test('holds a hook in each folder, by name; files and hidden folders are none', () => {
    folders.write('b', RUN, { 'notify.sh': script() });
    folders.write('a', 'events: [session:end]\n');
    folders.write('.git', RUN);
    writeFileSync(folders.path('README'), 'x');
    const entries = read();
    expect([...entries.keys()]).toEqual(['a', 'b']);
    expect(entries.get('b')).toMatchObject({ state: 'good', hook: { name: 'b', action: { file: 'notify.sh' } } });
    expect(entries.get('a')).toMatchObject({ state: 'broken', message: 'hook.yaml: it needs “run:” or “webhook:”.' });
  });

  test('that is not there holds none, and says so', () => {
    rmSync(folders.root, { recursive: true });
    expect(readHookFolder(folders.root, {})).toEqual({ ok: true, entries: new Map(), ignored: [], isThere: false });
  });

  test('that is no folder cannot be read', () => {
    rmSync(folders.root, { recursive: true });
    writeFileSync(folders.root, 'x');
    expect(readHookFolder(folders.root, {})).toEqual({ ok: false, code: 'ENOTDIR' });
  });

  test('leaves out folders whose name no hook can have, and all beyond a hundred', () => {
    mkdirSync(folders.path('my hook'));
    for (let each = 0; each < 102; each += 1) folders.write(`h${String(each).padStart(3, '0')}`, null);
    const reading = readHookFolder(folders.root, {});
    expect(reading).toMatchObject({ ok: true, ignored: ['h100', 'h101', 'my hook'] });
    expect(reading.ok && reading.entries.size).toBe(100);
  });

  test('without a hook.yaml, or with something else of that name, is a broken hook', () => {
    folders.write('empty', null);
    mkdirSync(folders.path('folder', 'hook.yaml'), { recursive: true });
    writeFileSync(folders.path('file.yaml'), 'x');
    if (isPosix) execFileSync('mkfifo', [join(folders.root, 'empty', 'pipe')]);
    expect(messageOf('empty')).toBe('hook.yaml is not there.');
    expect(messageOf('folder')).toBe('hook.yaml is not a file.');
  });

  test('with a hook.yaml that is not text, or too large, is a broken hook', () => {
    folders.write('binary', null);
    writeFileSync(folders.path('binary', 'hook.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
    folders.write('large', `${RUN}#${'x'.repeat(70_000)}`, { 'notify.sh': script() });
    expect(messageOf('binary')).toBe('hook.yaml is not text in UTF-8.');
    expect(messageOf('large')).toBe('hook.yaml is larger than 64 KiB.');
  });
});

describe.runIf(isPosix)('an executable', () => {
  test('that is missing, a folder, or may not be run, is told; the rest of the hook is shown', () => {
    folders.write('a', RUN);
    expect(read().get('a')).toEqual({
      state: 'broken',
      name: 'a',
      message: 'notify.sh is not there.',
      kind: 'run',
      target: 'notify.sh',
      patterns: ['session:end'],
    });
    mkdirSync(folders.path('a', 'notify.sh'));
    expect(messageOf('a')).toBe('notify.sh is not a file.');
    rmSync(folders.path('a', 'notify.sh'), { recursive: true });
    folders.write('a', RUN, { 'notify.sh': 'echo' });
    expect(messageOf('a')).toContain('chmod u+x notify.sh');
    chmodSync(folders.path('a', 'notify.sh'), 0o700);
    expect(messageOf('a')).toBeNull();
  });

  test('that is a pipe neither blocks nor runs', () => {
    folders.write('a', RUN);
    execFileSync('mkfifo', [folders.path('a', 'notify.sh')]);
    expect(messageOf('a')).toBe('notify.sh is not a file.');
    folders.remove('a');
    mkdirSync(folders.path('a'));
    execFileSync('mkfifo', [folders.path('a', 'hook.yaml')]);
    expect(messageOf('a')).toBe('hook.yaml is not a file.');
  });

  test.each([0o720, 0o702, 0o777])('that others can write is refused: mode %o', (mode) => {
    folders.write('a', RUN, { 'notify.sh': { text: '#!/bin/sh\n', mode } });
    expect(messageOf('a')).toMatch(/^notify\.sh can be changed by other users.*chmod go-w/);
  });

  test.each(['', 'a', join('a', 'hook.yaml')])('below “%s” that others can write is refused', (part) => {
    folders.write('a', RUN, { 'notify.sh': script() });
    chmodSync(folders.path(part), 0o770);
    expect(messageOf('a')).toContain('can be changed by other users');
    chmodSync(folders.path(part), 0o700);
    expect(messageOf('a')).toBeNull();
  });

  test.runIf(isRoot)('of another user is refused', () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    chownSync(folders.path('a', 'notify.sh'), 65_534, 65_534);
    expect(messageOf('a')).toMatch(/^notify\.sh belongs to another user/);
  });
});

describe.runIf(isPosix)('a link', () => {
  test('out of the folder of hooks is refused, whatever it is', () => {
    mkdirSync(folders.outside('other'), { mode: 0o700 });
    writeFileSync(folders.outside('other/hook.yaml'), RUN, { mode: 0o600 });
    writeFileSync(folders.outside('other/notify.sh'), '#!/bin/sh\n', { mode: 0o700 });
    symlinkSync(folders.outside('other'), folders.path('folder'));
    folders.write('yaml', null, { 'notify.sh': script() });
    symlinkSync(folders.outside('other/hook.yaml'), folders.path('yaml', 'hook.yaml'));
    folders.write('run', RUN);
    symlinkSync('../../other/notify.sh', folders.path('run', 'notify.sh'));
    folders.write('secret', webhook('secretFile: key'));
    writeFileSync(folders.outside('other/key'), FIRST, { mode: 0o600 });
    symlinkSync(folders.outside('other/key'), folders.path('secret', 'key'));
    symlinkSync('nowhere', folders.path('dangling'));
    symlinkSync('loop', folders.path('loop'));
    for (const name of ['folder', 'yaml', 'run', 'secret']) {
      expect(messageOf(name)).toContain('is a link that leads out of the folder of hooks');
    }
    expect(messageOf('dangling')).toContain('is not there');
    expect(messageOf('loop')).toContain('is a link that leads nowhere');
  });

  test('within the folder of hooks is followed, and what it leads to is looked at', () => {
    folders.write('common', null, { 'notify.sh': script() });
    folders.write('a', RUN);
    symlinkSync('../common/notify.sh', folders.path('a', 'notify.sh'));
    expect(messageOf('a')).toBeNull();
    chmodSync(folders.path('common'), 0o777);
    expect(messageOf('a')).toContain('The folder common can be changed by other users');
  });

  test('that is the folder of hooks itself is followed', () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    renameSync(folders.root, folders.outside('elsewhere'));
    symlinkSync(folders.outside('elsewhere'), folders.root);
    expect(messageOf('a')).toBeNull();
  });
});

describe('the secrets of a webhook', () => {
  test('come from the hook.yaml, a file and a variable, each once', () => {
    folders.write('a', webhook(`secrets: [${FIRST}]\n  secretFile: keys\n  secretEnv: KEY`), {
      keys: `# until March\n${SECOND}\n\n${FIRST} # now\n`,
    });
    const entry = read({ KEY: `${THIRD},${SECOND}` }).get('a');
    expect(entry).toMatchObject({ state: 'good', hook: { action: { secrets: [FIRST, SECOND, THIRD] } } });
  });

  test.each(['', 'secret', '# nothing', `${FIRST} and more`, `${FIRST}${SECOND}`])(
    'that a file does not have are told without what it has: %j',
    (text) => {
      folders.write('a', webhook('secretFile: key'), { key: text });
      expect(messageOf('a')).toBe(
        'key must have one or more secrets in it: “whsec_” and then 24 to 64 bytes in base64.',
      );
    },
  );

  test('that a variable does not have are told without what it has', () => {
    folders.write('a', webhook('secretEnv: KEY'));
    expect(messageOf('a')).toBe('The variable KEY is not set where Sandglass runs.');
    const message = messageOf('a', { KEY: 'hunter2' });
    expect(message).toContain('KEY must have a secret in it');
    expect(message).not.toContain('hunter2');
  });

  test.runIf(isPosix)('in a file that others can read are refused', () => {
    folders.write('a', webhook('secretFile: key'), { key: { text: FIRST, mode: 0o644 } });
    expect(messageOf('a')).toBe('key can be read by other users: take that away with “chmod 600 key”.');
    chmodSync(folders.path('a', 'key'), 0o600);
    expect(messageOf('a')).toBeNull();
  });

  test.runIf(isPosix)('in a hook.yaml that others can read are used with a warning', () => {
    folders.write('a', { text: webhook(`secrets: [${FIRST}]`), mode: 0o644 });
    expect(read().get('a')).toMatchObject({ hook: { warning: expect.stringContaining('chmod 600 hook.yaml') } });
    folders.write('a', { text: webhook('secretFile: key'), mode: 0o644 }, { key: FIRST });
    expect(read().get('a')).toMatchObject({ hook: { warning: null } });
  });

  test('that are missing leave the rest of the hook to be shown, without the query of its address', () => {
    folders.write('a', webhook('secretFile: key'));
    expect(read().get('a')).toMatchObject({ state: 'broken', kind: 'webhook', target: 'https://example.org/hooks' });
  });
});
