import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LABELS } from '../../backends/docker/fleet/labels.ts';
import { startScript, testBackend } from '../../backends/testing/shells.ts';
import { DockerApi } from '../../testing/docker-api.ts';
import { nodeReaperCommand } from '../command.ts';
import { createReaper } from '../reaper-client.ts';
import type { StandInOptions, StandInReport } from './apps.ts';

// Stands in for the app in tests: opens sessions and containers, reports what it has opened, and waits to be killed, or for
// a line on its standard input that lets it quit as the app does.
const options: StandInOptions = JSON.parse(process.argv[2] ?? '{}');
const owner = { host: 'stand-in', pid: String(process.pid), start: options.start };
let isReported = false;
const reaper = createReaper({
  log: {
    // The next helper, which has got all that is tracked by now.
    info: (details) => void (isReported && process.stdout.write(`${JSON.stringify(details)}\n`)),
    warn() {},
  },
  command: nodeReaperCommand(),
  onProblem: (problem) => process.stderr.write(`${problem.message}\n`),
});
const backend = testBackend({ tracker: reaper, cgroupParent: options.cgroupParent ?? { none: true } });

const shells = await Promise.all(options.scripts.map((script) => startScript(backend, script)));
const pids: number[] = [];
for (const shell of shells) {
  const [, found = ''] = await shell.until(/ready([ \d]*)\r?\n/);
  pids.push(...found.trim().split(' ').map(Number));
}

if (options.isFrozen) {
  for (const shell of shells) {
    const failure = await shell.process.freeze();
    if (failure !== null) throw new Error(failure);
  }
}

const containers: string[] = [];
if (options.socket !== null) {
  const address = { kind: 'socket', path: options.socket } as const;
  const docker = new DockerApi(options.socket);
  reaper.engine(address, owner);
  for (const isTold of options.containers) {
    const container = await docker.createContainer({
      Image: options.image,
      Cmd: ['sleep', '1000'],
      NetworkDisabled: true,
      Labels: {
        [LABELS.app]: '1',
        [LABELS.ownerHost]: owner.host,
        [LABELS.ownerPid]: owner.pid,
        [LABELS.ownerStart]: owner.start,
      },
    });
    containers.push(container.id);
    if (isTold) reaper.created(container.id, address);
    await container.start();
  }
}

for (const [session, path] of options.folders) reaper.folder(session, path);

const report: StandInReport = {
  reaper: reaper.pid,
  shells: shells.map((shell) => shell.process.pid ?? 0),
  pids,
  containers,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
isReported = true;

await once(createInterface({ input: process.stdin }), 'line');
await Promise.all(shells.map((shell) => shell.process.terminate(1000)));
for (const [session] of options.folders) reaper.ended(session);
await reaper.close();
process.exit(0);
