import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { removeContainers, type TestEngine } from './container-engine.ts';
import { DockerApi } from './docker-api.ts';

/**
 * An engine that a test has for itself, to stop and start as it likes. It has the image of the other one, and is found
 * at the same place after each start.
 */
export interface OwnEngine extends AsyncDisposable, Extract<TestEngine, { ok: true }> {
  /** Starts it, and resolves when it answers. */
  start(): Promise<void>;
  /** As its service manager does: SIGTERM; it stops its containers and then itself. */
  stop(): Promise<void>;
  /** SIGKILL: containers stay behind, and so does what the engine keeps of them. */
  kill(): Promise<void>;
}

/** Whether this machine lets a test have an engine of its own. */
export type OwnEngineSupport = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** How long it may take to start and to stop, in milliseconds. */
const START_MS = 60_000;
const STOP_MS = 60_000;

/** Finds out whether an engine of one's own can be started; the image is copied from `engine`. */
export function ownEngineSupport(engine: TestEngine): OwnEngineSupport {
  if (!engine.ok) return engine;
  if (process.platform !== 'linux') return { ok: false, why: 'Linux, to start a container engine' };
  if (process.getuid?.() !== 0) return { ok: false, why: 'root, to start a container engine' };
  const found = spawnSync('dockerd', ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
  return found ? { ok: true } : { ok: false, why: 'dockerd, to start a container engine' };
}

/** Starts an engine in a folder for temporary files, without networks, and copies the image into it. */
export async function ownEngine(engine: TestEngine): Promise<OwnEngine> {
  if (!engine.ok) throw new Error(`This test needs ${engine.why}`);
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-own-engine-'));
  const socket = join(folder, 'docker.sock');
  const docker = new DockerApi(socket);
  const process = new EngineProcess(folder, socket);

  async function discard(): Promise<void> {
    // With the engine's help: containers that it has left behind are ended and unmounted by it.
    if (!process.runs) await process.start();
    const left = await docker.listContainers({ all: true });
    await removeContainers(
      docker,
      left.map(({ Id }) => Id),
    );
    await process.end('SIGTERM');
    removeTraces(folder);
  }

  try {
    await process.start();
    await docker.copyImage(engine.docker, engine.image);
  } catch (error) {
    await process.end('SIGKILL');
    removeTraces(folder);
    throw error;
  }
  return {
    ok: true,
    host: `unix://${socket}`,
    docker,
    image: engine.image,
    start: () => process.start(),
    stop: () => process.end('SIGTERM'),
    kill: () => process.end('SIGKILL'),
    [Symbol.asyncDispose]: discard,
  };
}

/** The engine's process, one after the other on the same files. */
class EngineProcess {
  readonly #folder: string;
  readonly #socket: string;
  #child: ChildProcess | null = null;

  constructor(folder: string, socket: string) {
    this.#folder = folder;
    this.#socket = socket;
  }

  get runs(): boolean {
    return this.#child !== null;
  }

  async start(): Promise<void> {
    const folder = this.#folder;
    const child = spawn(
      'unshare',
      [
        // In a network of its own: without a bridge, an engine removes that of another one.
        ...['--net', 'dockerd'],
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
        // No other engine's bridge and packet filter are touched.
        ...['--host', `unix://${this.#socket}`, '--bridge=none', '--iptables=false'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child = child;
    const lines: string[] = [];
    const listening = Promise.withResolvers<void>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('API listen on')) listening.resolve();
      lines.push(line);
      if (lines.length > 20) lines.shift();
    });
    const fail = (why: string): void => listening.reject(new Error(`The engine ${why}:\n${lines.join('\n')}`));
    child.once('error', (error) => fail(`did not start (${error.message})`));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    const timer = setTimeout(() => fail('did not answer in time'), START_MS);
    try {
      await listening.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
    // The part of it that starts containers has died with it. What is written down of that may name a process that
    // no one has asked for its status yet, and the next engine would wait for it.
    rmSync(join(this.#folder, 'exec', 'containerd', 'containerd.pid'), { force: true });
  }
}

/** Ends processes of the engine that are still there, unmounts what it had mounted, and removes its folder. */
function removeTraces(folder: string): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ofEngine = new Set(pids.filter((pid) => read(pid, 'cmdline').includes(`${folder}/`)));
  // What runs in a container is a child of its shim, and knows nothing of the folder.
  const children = pids.filter((pid) => ofEngine.has(/^\d+ \(.*\) \S (\d+) /s.exec(read(pid, 'stat'))?.[1] ?? ''));
  for (const pid of [...children, ...ofEngine]) spawnSync('kill', ['-KILL', pid]);
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const places = mounts.map((line) => line.split(' ')[1] ?? '').filter((place) => place.startsWith(`${folder}/`));
  // The deepest first.
  for (const place of places.toSorted().reverse()) spawnSync('umount', ['--lazy', place]);
  rmSync(folder, { recursive: true, force: true });
}

/** Empty for a process that is gone. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
