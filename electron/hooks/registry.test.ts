import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { FSWatcher } from 'chokidar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Problem } from '../../shared/settings.ts';
import { SystemClock } from '../base/clock.ts';
import { settle, TestClock } from '../sessions/testing/test-clock.ts';
import { createHookRegistry, type HookRegistry, type HookRegistryOptions } from './registry.ts';
import { HookFolders, script } from './testing/hook-folders.ts';

const SWEEP_MS = 30_000;

const POLL_MS = 3_000;

const RUN = 'events: [session:end]\nrun: notify.sh\n';
const isPosix = process.platform !== 'win32';

let folders: HookFolders;
let registry: HookRegistry;
let problems: Problem[];
let changed: (() => void)[];
beforeEach(() => {
  folders = new HookFolders();
  problems = [];
  changed = [];
});
afterEach(async () => {
  await registry.close();
  folders[Symbol.dispose]();
});

function open(options: Partial<HookRegistryOptions> = {}): HookRegistry {
  registry = createHookRegistry({
    folder: folders.root,
    environment: {},
    clock: new SystemClock(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onChange: () => {
      for (const each of changed.splice(0)) each();
    },
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  return registry;
}

/** What a person sees: each hook, and whether it is good or why it is not. */
function seen(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...registry.entries.values()].map((entry) => [entry.name, entry.state === 'good' ? 'good' : entry.message]),
  );
}

/** Resolves when what is seen is this, after changes that the registry tells of. */
async function until(wanted: Readonly<Record<string, unknown>>): Promise<void> {
  for (;;) {
    try {
      expect(seen()).toEqual(wanted);
      return;
    } catch {
      await new Promise<void>((resolve) => changed.push(resolve));
    }
  }
}

describe('the registry of hooks', () => {
  test('knows the hooks at once', () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    folders.write('b', 'events: []\n');
    open();
    expect(seen()).toEqual({ a: 'good', b: expect.stringContaining('at least one event') });
    expect(registry.isReadable).toBe(true);
  });

  test('makes the folder where it is missing, for its user alone', async () => {
    rmSync(folders.root, { recursive: true });
    await open().ready;
    expect(registry.isReadable).toBe(true);
    folders.write('a', RUN, { 'notify.sh': script() });
    await until({ a: 'good' });
  });

  test('follows hooks that are added, changed, broken, mended and removed', async () => {
    await open().ready;
    folders.write('a', RUN, { 'notify.sh': script() });
    await until({ a: 'good' });
    folders.write('b', RUN);
    await until({ a: 'good', b: 'notify.sh is not there.' });
    folders.write('b', null, { 'notify.sh': script() });
    await until({ a: 'good', b: 'good' });
    folders.write('a', `${RUN}oops: 1\n`);
    await until({ a: expect.stringContaining('“oops” is not a setting'), b: 'good' });
    folders.write('a', RUN);
    await until({ a: 'good', b: 'good' });
    folders.remove('b');
    await until({ a: 'good' });
    rmSync(folders.path('a', 'hook.yaml'));
    await until({ a: 'hook.yaml is not there.' });
  });

  test('follows files that are replaced whole, as editors do, and does not mind what they leave', async () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    await open().ready;
    writeFileSync(folders.path('a', '.hook.yaml.swp'), 'x');
    writeFileSync(folders.path('a', 'hook.yaml~'), 'x');
    writeFileSync(folders.path('a', 'hook.yaml.new'), 'events: []\n', { mode: 0o600 });
    renameSync(folders.path('a', 'hook.yaml.new'), folders.path('a', 'hook.yaml'));
    await until({ a: expect.stringContaining('at least one event') });
    unlinkSync(folders.path('a', 'hook.yaml'));
    folders.write('a', RUN);
    await until({ a: 'good' });
  });

  test('follows a hook’s folder that is replaced whole', async () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    await open().ready;
    mkdirSync(folders.outside('new'), { mode: 0o700 });
    writeFileSync(folders.outside('new/hook.yaml'), 'events: []\n', { mode: 0o600 });
    renameSync(folders.path('a'), folders.outside('old'));
    renameSync(folders.outside('new'), folders.path('a'));
    await until({ a: expect.stringContaining('at least one event') });
    folders.write('a', RUN, { 'notify.sh': script() });
    await until({ a: 'good' });
  });

  test.runIf(isPosix)('follows rights that are changed', async () => {
    folders.write('a', RUN, { 'notify.sh': { text: '#!/bin/sh\n', mode: 0o777 } });
    await open().ready;
    expect(seen()).toEqual({ a: expect.stringContaining('can be changed by other users') });
    chmodSync(folders.path('a', 'notify.sh'), 0o700);
    await until({ a: 'good' });
    chmodSync(folders.path('a'), 0o777);
    await until({ a: expect.stringContaining('can be changed by other users') });
    chmodSync(folders.path('a'), 0o700);
    await until({ a: 'good' });
  });

  test.runIf(isPosix)('follows what a link leads to', async () => {
    folders.write('common', null, { 'notify.sh': script() });
    folders.write('a', RUN);
    symlinkSync('../common/notify.sh', folders.path('a', 'notify.sh'));
    await open().ready;
    expect(seen()).toEqual({ a: 'good', common: 'hook.yaml is not there.' });
    chmodSync(folders.path('common', 'notify.sh'), 0o600);
    await until({ a: expect.stringContaining('chmod u+x'), common: 'hook.yaml is not there.' });
  });

  test('follows the folder of hooks itself: removed, made again, and changed then', async () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    await open().ready;
    rmSync(folders.root, { recursive: true });
    await until({});
    expect(registry.isReadable).toBe(false);
    mkdirSync(folders.root, { mode: 0o700 });
    folders.write('b', 'events: []\n');
    await until({ b: expect.stringContaining('at least one event') });
    expect(registry.isReadable).toBe(true);
    folders.write('b', RUN, { 'notify.sh': script() });
    await until({ b: 'good' });
    renameSync(folders.root, folders.outside('away'));
    await until({});
    renameSync(folders.outside('away'), folders.root);
    await until({ b: 'good' });
    folders.write('b', 'events: []\n');
    await until({ b: expect.stringContaining('at least one event') });
  });

  test('keeps the hooks while their folder cannot be read, and tells once', async () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    await open().ready;
    renameSync(folders.root, folders.outside('away'));
    writeFileSync(folders.root, 'x');
    registry.refresh();
    registry.refresh();
    expect(seen()).toEqual({ a: 'good' });
    expect(registry.isReadable).toBe(false);
    expect(problems).toMatchObject([{ id: 'hooks-folder', message: expect.stringContaining('ENOTDIR') }]);
    rmSync(folders.root);
    renameSync(folders.outside('away'), folders.root);
    registry.refresh();
    expect(registry.isReadable).toBe(true);
  });

  test('tells of folders that can be no hooks, once', () => {
    mkdirSync(folders.path('my hook'));
    open();
    registry.refresh();
    expect(problems).toMatchObject([{ id: 'hooks-ignored', message: expect.stringContaining('“my hook”') }]);
  });

  test('tells of no change where there is none', async () => {
    folders.write('a', RUN, { 'notify.sh': script() });
    let changes = 0;
    const clock = new TestClock();
    await open({ clock, onChange: () => (changes += 1) }).ready;
    writeFileSync(folders.path('a', 'log'), 'x');
    await clock.advance(SWEEP_MS);
    registry.refresh();
    expect(changes).toBe(0);
  });
});

describe('a folder that cannot be watched', () => {
  /** As where no more watches are to be had. */
  function failing(error: unknown, when: 'at once' | 'later'): () => FSWatcher {
    return () => {
      if (when === 'at once') throw error;
      const watcher = new FSWatcher();
      setImmediate(() => watcher.emit('error', error instanceof Error ? error : new Error(String(error))));
      return watcher;
    };
  }
  const full = Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' });

  test.each(['at once', 'later'] as const)(
    'is looked at every few seconds, and that is told once: %s',
    async (when) => {
      const clock = new TestClock();
      await open({ clock, watch: failing(full, when) }).ready;
      await settle();
      folders.write('a', RUN, { 'notify.sh': script() });
      await clock.advance(POLL_MS);
      expect(seen()).toEqual({ a: 'good' });
      folders.remove('a');
      await clock.advance(POLL_MS);
      expect(seen()).toEqual({});
      await clock.advance(300_000);
      expect(problems).toMatchObject([
        { id: 'hooks-watch', severity: 'info', message: expect.stringContaining('ENOSPC') },
      ]);
      await registry.close();
      expect(clock.timers).toBe(0);
    },
  );
});
