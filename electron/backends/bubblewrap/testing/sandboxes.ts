import { tmpdir } from 'node:os';
import { type BubblewrapOptions, DEFAULT_BUBBLEWRAP } from '../../../../shared/profile.ts';
import type { Backend, StartResult, StartSpec } from '../../backend.ts';
import { startShell, type TestShell, testSessionId } from '../../testing/shells.ts';
import { createBubblewrapBackend } from '../bubblewrap.ts';
import type { BubblewrapBackendOptions } from '../options.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A variable of the app that no sandbox may see. */
export const HOST_SECRET = 'HOST_SECRET_OF_THE_TEST';

/** A backend for tests. */
export function testSandboxes(options: Partial<BubblewrapBackendOptions> = {}): Backend {
  const environment = { PATH: process.env.PATH, SHELL: '/bin/bash', LANG: 'C.UTF-8', TZ: 'UTC', [HOST_SECRET]: 'yes' };
  return createBubblewrapBackend({ log: silent, environment, ...options });
}

/** The options of a profile that differ from the defaults. */
export interface Wish extends Partial<Omit<BubblewrapOptions, 'resources'>> {
  readonly resources?: Partial<BubblewrapOptions['resources']>;
}

/** The defaults with what a test wants else. */
export function sandboxOptions({ resources, ...others }: Wish = {}): BubblewrapOptions {
  return { ...DEFAULT_BUBBLEWRAP, ...others, resources: { ...DEFAULT_BUBBLEWRAP.resources, ...resources } };
}

/** Starts a shell in a sandbox and collects what it writes. Throws when it does not start. */
export function startSandbox(backend: Backend, wish: Wish = {}, spec: Partial<StartSpec> = {}): Promise<TestShell> {
  return startShell(backend, { bubblewrap: sandboxOptions(wish), ...spec });
}

/** What a script in a sandbox did. */
export interface Outcome {
  /** All that it wrote, with the terminal's line ends turned into plain ones. */
  readonly text: string;
  readonly exitCode: number | null;
  readonly isolation: readonly string[];
}

/** Runs `/bin/sh -c script` in a sandbox of its own to its end. */
export async function runInside(
  backend: Backend,
  script: string,
  wish: Wish = {},
  spec: Partial<StartSpec> = {},
): Promise<Outcome> {
  const shell = await startSandbox(backend, wish, { shell: '/bin/sh', args: ['-c', script], ...spec });
  const { exitCode } = await shell.exit;
  await shell.process.terminate(0);
  const text = Buffer.concat(shell.chunks).toString('utf8').replaceAll('\r\n', '\n');
  return { text, exitCode, isolation: shell.process.isolation.map((item) => item.text) };
}

/** Starts one that is not expected to come up. */
export function tryToStart(backend: Backend, wish: Wish = {}, spec: Partial<StartSpec> = {}): Promise<StartResult> {
  const whole: StartSpec = {
    sessionId: testSessionId(),
    profileId: 'sandbox',
    shell: '/bin/sh',
    args: ['-c', 'read x'],
    folder: tmpdir(),
    environment: {},
    cols: 80,
    rows: 24,
    endsAt: null,
    bubblewrap: sandboxOptions(wish),
    ...spec,
  };
  return backend.start(whole, { onData() {}, onInputRoom() {}, onExit() {} }, new AbortController().signal);
}
