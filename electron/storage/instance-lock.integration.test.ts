import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { acquireInstanceLock, type InstanceLockResult, type InstanceOwner } from './instance-lock.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const OWN: InstanceOwner = { pid: process.pid, host: 'desktop', address: null };

interface Other {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** “held”, or why it is not. */
  readonly said: string;
}

/** Another process that tries to take a data folder. */
async function other(folder: string, address?: string): Promise<Other> {
  const args = [join(import.meta.dirname, 'testing', 'hold-instance-lock.ts'), folder];
  const child = spawn(process.execPath, address === undefined ? args : [...args, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, said: String(said) };
}

function mine(folder: string, owner = OWN): InstanceLockResult {
  const result = acquireInstanceLock(folder, owner);
  onTestFinished(() => (result.ok ? result.lock[Symbol.dispose]() : undefined));
  return result;
}

describe('a data folder', () => {
  test('is for one instance, and says whose it is', async () => {
    const folder = temporaryFolder();
    const result = mine(folder);
    expect(result.ok).toBe(true);
    expect((await other(folder)).said).toBe(
      `Sandglass already runs with this data folder (the desktop app, process ${process.pid}). ` +
        'Use that window, or set SANDGLASS_HOME to another folder.',
    );
    if (process.platform !== 'win32') {
      for (const name of ['instance.lock', 'instance.json'])
        expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
  });

  test('of a web host is found at its address', async () => {
    const folder = temporaryFolder();
    const { child, said } = await other(folder, 'http://127.0.0.1:4711/');
    expect(said).toBe('held');
    expect(mine(folder)).toEqual({
      ok: false,
      owner: { pid: child.pid, host: 'web', address: 'http://127.0.0.1:4711/' },
      message:
        `Sandglass already runs with this data folder (the web host, process ${child.pid}). ` +
        'Use it at http://127.0.0.1:4711/, or set SANDGLASS_HOME to another folder.',
    });
  });

  test('is free at once when its instance is killed, whatever it left', async () => {
    const folder = temporaryFolder();
    const { child, said } = await other(folder);
    expect(said).toBe('held');
    expect(mine(folder).ok).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(join(folder, 'instance.json'))).toBe(true);
    expect(mine(folder).ok).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'instance.json'), 'utf8'))).toEqual(OWN);
  });

  test('is free when its instance has ended, and nothing says otherwise', async () => {
    const folder = temporaryFolder();
    const { child } = await other(folder);
    child.stdin.end();
    await once(child, 'exit');
    expect(existsSync(join(folder, 'instance.json'))).toBe(false);
    const result = mine(folder);
    expect(result.ok).toBe(true);
    if (result.ok) {
      result.lock[Symbol.dispose]();
      result.lock[Symbol.dispose]();
      result.lock.update(OWN);
    }
    expect(existsSync(join(folder, 'instance.json'))).toBe(false);
    expect((await other(folder)).said).toBe('held');
  });

  test('stays locked when its own process asks a second time', async () => {
    const folder = temporaryFolder();
    expect(mine(folder).ok).toBe(true);
    expect(mine(folder)).toMatchObject({ ok: false, owner: OWN });
    expect((await other(folder)).said).not.toBe('held');
  });

  test.each(['{', '{"pid":0,"host":"web","address":null}', '{"pid":2147483646,"host":"web","address":null}'])(
    'with nonsense about its owner names nobody: %s',
    async (text) => {
      const folder = temporaryFolder();
      await other(folder);
      writeFileSync(join(folder, 'instance.json'), text);
      expect(mine(folder)).toEqual({
        ok: false,
        owner: null,
        message:
          'Sandglass already runs with this data folder. Use that window, or set SANDGLASS_HOME to another folder.',
      });
    },
  );

  test('that cannot be locked says why', () => {
    const folder = join(temporaryFolder(), 'missing');
    expect(mine(folder)).toEqual({
      ok: false,
      owner: null,
      message: expect.stringMatching(
        /^The data folder .*missing cannot be locked \(ENOENT.*\)\. Make it writable for you, or set SANDGLASS_HOME/,
      ),
    });
  });

  test('with a lock file that holds something else is free, once', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'instance.lock'), 'not a database'.repeat(100));
    expect(mine(folder).ok).toBe(true);
    expect((await other(folder)).said).not.toBe('held');
  });
});
