import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionManager } from '../../electron/sessions/manager.ts';
import { spawnBare } from '../bare-pty.ts';
import {
  bareBubblewrap,
  bareDockerRun,
  bareDockerStart,
  type Command,
  dockerCreate,
  MOUNT,
  sameBubblewrap,
} from '../bare-sandboxes.ts';
import { type Contender, compete, type Rounds } from '../contest.ts';
import { createManager, NO_RECORDERS } from '../core.ts';
import { Counter } from '../counter.ts';
import { PromptWatch } from '../prompt-watch.ts';
import type { Result } from '../report.ts';
import { shellCommand, writeSample } from '../samples.ts';
import { bubblewrapBackend, bubblewrapProfile, containerProfile, dockerBackend, poolIsFull } from '../sandboxes.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import type { Conditions, Figure } from './figure.ts';

const SIZE = { cols: 120, rows: 30 };
const SHELL = '/bin/bash';
const ARGS = ['--norc', '-i'];
const ENV = { ...process.env, TERM: 'xterm-256color' };

/** Lets a command line start a shell on node-pty; gives milliseconds to its prompt. */
function bareOpening(name: string, prepare: () => Promise<Command> | Command, ready = async () => {}): Contender {
  return {
    name,
    async run() {
      await ready();
      const { file, args } = await prepare();
      const prompt = new PromptWatch();
      const startedMs = performance.now();
      const pty = spawnBare(file, args, { ...SIZE, env: ENV });
      const exited = new Promise<void>((resolve) => pty.onExit(resolve));
      pty.onData((bytes) => prompt.add(bytes));
      await prompt.seen.promise;
      const ms = performance.now() - startedMs;
      // Not killed: `docker run` would leave its container.
      pty.write('exit\n');
      await exited;
      return ms;
    },
  };
}

/** Opens a session of a profile; gives milliseconds to its prompt. */
function opening(name: string, manager: SessionManager, profileId: string, ready = async () => {}): Contender {
  return {
    name,
    async run() {
      await ready();
      const prompt = new PromptWatch();
      const startedMs = performance.now();
      const session = manager.open({ ...SIZE, profileId });
      const watcher = session.watch({
        headerBytes: 0,
        deliver(buffer) {
          prompt.add(buffer);
          queueMicrotask(() => watcher.acknowledge(buffer.byteLength));
        },
        onClosed: () => prompt.seen.reject(new Error(`It did not start: ${session.ended?.failure?.message}`)),
      });
      await prompt.seen.promise;
      const ms = performance.now() - startedMs;
      await manager.close(session.id, true);
      return ms;
    },
  };
}

/** MB/s of a file that a command line writes on node-pty. */
function bareThroughput(name: string, command: Command, bytes: number): Contender {
  return {
    name,
    async run() {
      const counter = new Counter();
      const pty = spawnBare(command.file, command.args, { ...SIZE, env: ENV });
      const exited = new Promise<void>((resolve) => pty.onExit(resolve));
      pty.onData((chunk) => counter.add(chunk.byteLength));
      await counter.ready.promise;
      const bytesPerMs = await counter.time(bytes, () => pty.write('show plain end\n'));
      pty.write('\x04');
      await exited;
      return bytesPerMs / 1_000;
    },
  };
}

function throughput(name: string, manager: SessionManager, profileId: string, bytes: number): Contender {
  return {
    name,
    async run() {
      const counter = new Counter();
      const session = manager.open({ ...SIZE, profileId });
      const watcher = session.watch({
        headerBytes: 0,
        deliver(buffer) {
          counter.add(buffer.byteLength);
          queueMicrotask(() => watcher.acknowledge(buffer.byteLength));
        },
        onClosed: () => counter.ready.reject(new Error(`It did not start: ${session.ended?.failure?.message}`)),
      });
      await counter.ready.promise;
      const bytesPerMs = await counter.time(bytes, () => {
        session.write(Buffer.from('show plain end\n'), { user: true });
      });
      await manager.close(session.id, true);
      return bytesPerMs / 1_000;
    },
  };
}

/** One line: a contender against another of the same rounds. */
function row(
  rounds: Rounds,
  [name, contender, floor, floorName]: readonly [string, string, string, string],
  unit: string,
  target: Result['target'] = null,
): Result {
  return {
    name,
    unit,
    product: summarize(rounds.of(contender)),
    floor: { name: floorName, value: summarize(rounds.of(floor)) },
    ratio: pairedRatio(rounds.of(contender), rounds.of(floor)),
    target,
  };
}

const atMost = (bound: number): Result['target'] => ({ of: 'ratio', at: 'most', bound });

async function measureOpening({ folder, quick, progress }: Conditions): Promise<Result[]> {
  const wanted = { shell: SHELL, args: ARGS, folder };
  const command = [SHELL, ...ARGS];
  const bubblewrap = createManager({
    backend: bubblewrapBackend(),
    recorders: NO_RECORDERS,
    profile: {},
    sandboxes: [bubblewrapProfile(wanted)],
  });
  const docker = await dockerBackend();
  const containers = createManager({
    backend: docker,
    recorders: NO_RECORDERS,
    profile: {},
    sandboxes: [containerProfile(wanted, 0), containerProfile(wanted, 1)],
  });
  const told = (round: number): void => progress(`opening sandboxes, round ${round}`);
  const sandboxes = await compete(
    [
      opening('product', bubblewrap, 'sandbox'),
      bareOpening('same', () => sameBubblewrap(command, folder)),
      bareOpening('twin', () => sameBubblewrap(command, folder)),
      bareOpening('few', () => bareBubblewrap(command, folder)),
    ],
    quick ? 5 : 40,
    told,
  );
  const rounds = await compete(
    [
      opening('cold', containers, 'cold', poolIsFull),
      opening('pooled', containers, 'pooled', poolIsFull),
      bareOpening('run', () => bareDockerRun(command, folder), poolIsFull),
      bareOpening('twin', () => bareDockerRun(command, folder), poolIsFull),
      bareOpening('start', async () => bareDockerStart(await dockerCreate(command, folder)), poolIsFull),
    ],
    quick ? 2 : 15,
    told,
  );
  await bubblewrap.quit();
  await containers.quit();
  await docker.close();
  return [
    row(sandboxes, ['Open, bubblewrap', 'product', 'same', 'bwrap, same options'], 'ms', atMost(1.3)),
    row(sandboxes, ['Open, bubblewrap (to few options)', 'product', 'few', 'bwrap, few options'], 'ms'),
    row(sandboxes, ['Open, bubblewrap (noise: bwrap again)', 'twin', 'same', 'bwrap, same options'], 'ms'),
    row(rounds, ['Open, container', 'cold', 'run', 'docker run -it'], 'ms', atMost(1.1)),
    row(rounds, ['Open, container (to one that is made)', 'cold', 'start', 'docker start -ai'], 'ms'),
    row(rounds, ['Open, container from the pool', 'pooled', 'run', 'docker run -it'], 'ms', atMost(0.05)),
    row(rounds, ['Open, container (noise: docker run again)', 'twin', 'run', 'docker run -it'], 'ms'),
  ];
}

async function measureThroughput({ folder, quick, progress }: Conditions): Promise<Result[]> {
  const samples = join(folder, 'samples');
  mkdirSync(samples);
  const bytes = writeSample(samples, 'plain', quick ? 4_000_000 : 32_000_000);
  const outside = shellCommand(samples);
  const inside = shellCommand(MOUNT);
  const docker = await dockerBackend();
  const bubblewrap = createManager({
    backend: bubblewrapBackend(),
    recorders: NO_RECORDERS,
    profile: {},
    sandboxes: [bubblewrapProfile({ shell: outside.file, args: outside.args, folder: samples })],
  });
  const containers = createManager({
    backend: docker,
    recorders: NO_RECORDERS,
    profile: {},
    sandboxes: [containerProfile({ shell: inside.file, args: inside.args, folder: samples }, 0)],
  });
  const rounds = await compete(
    [
      throughput('bubblewrap', bubblewrap, 'sandbox', bytes),
      bareThroughput('bwrap', bareBubblewrap([outside.file, ...outside.args], samples), bytes),
      throughput('container', containers, 'cold', bytes),
      bareThroughput('docker', bareDockerRun([inside.file, ...inside.args], samples), bytes),
    ],
    quick ? 2 : 7,
    (round) => progress(`throughput of sandboxes, round ${round}`),
  );
  await bubblewrap.quit();
  await containers.quit();
  await docker.close();
  return [
    row(rounds, ['Bubblewrap to consumer, plain', 'bubblewrap', 'bwrap', 'bwrap on node-pty'], 'MB/s'),
    row(rounds, ['Container to consumer, plain', 'container', 'docker', 'docker run on node-pty'], 'MB/s'),
  ];
}

/** What a sandbox costs: to its first prompt, and in throughput, against the same by hand. */
export const sandboxes: Figure = {
  name: 'sandboxes',
  measure: async (conditions) => [...(await measureOpening(conditions)), ...(await measureThroughput(conditions))],
};
