import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SESSION_MARK } from '../../environment/inherited-environment.ts';
import { probeCgroups } from '../../processes/cgroup-support.ts';
import type { Backend, BackendListener, BackendProcess, ExitStatus, StartResult, StartSpec } from '../backend.ts';
import { createPtyBackend, type PtyBackendOptions } from '../pty/pty.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let count = 0;

/** A backend for tests; shells inherit little, so that the developer's own startup files do not matter. */
export function testBackend(options: Partial<PtyBackendOptions> = {}): Backend {
  const environment = { PATH: process.env.PATH, HOME: tmpdir(), PS1: 'ready> ', LANG: 'C.UTF-8' };
  return createPtyBackend({ log: silent, environment, ...options });
}

/** An id that no other test has. */
export function testSessionId(): string {
  count += 1;
  return `TEST${process.pid}N${count}`;
}

/** What a test needs of a started shell. */
export interface TestShell {
  readonly process: BackendProcess;
  readonly sessionId: string;
  readonly chunks: Uint8Array[];
  /** All output so far, each byte as one character. */
  text(): string;
  /** Resolves with the match once the output holds it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly exit: Promise<ExitStatus>;
  /** Writes all of it, as its terminal takes it; resolves when it has. */
  send(bytes: Uint8Array): Promise<void>;
  type(line: string): void;
}

/** Starts a shell and collects what it writes. Throws when it does not start. */
export function startShell(backend: Backend, spec: Partial<StartSpec> = {}): Promise<TestShell> {
  const sessionId = spec.sessionId ?? testSessionId();
  const whole = {
    shell: '/bin/sh',
    profileId: 'local',
    endsAt: null,
    args: [],
    folder: tmpdir(),
    environment: {},
    cols: 80,
    rows: 24,
    ...spec,
    sessionId,
  };
  return openShell(sessionId, (listener) => backend.start(whole, listener, new AbortController().signal));
}

/** Collects what a shell writes that `open` gives. Throws when it gives none. */
export async function openShell(
  sessionId: string,
  open: (listener: BackendListener) => Promise<StartResult>,
): Promise<TestShell> {
  const chunks: Uint8Array[] = [];
  const exit = Promise.withResolvers<ExitStatus>();
  let notify = (): void => {};
  let onRoom = (): void => {};
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  const result = await open({
    onData: (bytes) => {
      chunks.push(bytes);
      notify();
    },
    onInputRoom: () => onRoom(),
    onExit: (status) => exit.resolve(status),
  });
  if (!result.ok) throw new Error(result.failure.message);
  const { process } = result;
  const send = async (bytes: Uint8Array): Promise<void> => {
    for (let sent = 0; sent < bytes.length; ) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onRoom = resolve;
      sent += process.write(bytes.subarray(sent));
      if (sent < bytes.length) await promise;
    }
  };
  return {
    process,
    sessionId,
    chunks,
    text,
    exit: exit.promise,
    until: (pattern) =>
      new Promise((resolve) => {
        notify = () => {
          const match = pattern.exec(text());
          if (match !== null) resolve(match);
        };
        notify();
      }),
    send,
    type: (line) => void send(Buffer.from(`${line}\r`)),
  };
}

/** Starts `/bin/sh -c script`. */
export function startScript(backend: Backend, script: string, ...args: string[]): Promise<TestShell> {
  return startShell(backend, { args: ['-c', script, 'sh', ...args] });
}

/** Whether a process exists that is not only waiting for its parent to ask for its status. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Pids of this file's sessions that still run. */
export function leftovers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid || !isAlive(Number(pid))) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${SESSION_MARK}=TEST${process.pid}N`);
    } catch {
      return false;
    }
  });
}

/** A folder below which cgroups can be made: the machine's own, or one mounted for the test (which needs root). */
export async function testCgroupParent(): Promise<{ folder: string } & Disposable> {
  const own = await probeCgroups({ systemdRun: '/nonexistent' });
  if (own?.kind === 'folder') return { folder: own.parent, [Symbol.dispose]() {} };
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-cgroup-'));
  const mounted = spawnSync('mount', ['-t', 'cgroup2', 'none', folder], { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`No cgroup v2 is available for the test: ${mounted.stderr}`);
  return {
    folder,
    [Symbol.dispose]() {
      spawnSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
}
