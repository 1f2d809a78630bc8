import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import { messageOf } from '../../../../shared/error-message.ts';
import { findNow, linuxProcesses } from '../../../processes/linux-processes.ts';
import { nodeReaperCommand } from '../../../reaper/command.ts';
import { createReaper } from '../../../reaper/reaper-client.ts';
import { openShell, startShell } from '../../testing/shells.ts';
import { createDockerEngine } from '../client/docker-engine.ts';
import { systemSources } from '../client/endpoint-sources.ts';
import { createDockerBackend } from '../docker.ts';
import type { AppOrders, AppReport } from './apps.ts';

// Stands in for the app in tests: opens a session in a container, or takes one over, types into it, reports it, and waits
// to be killed, or for a line on its standard input.
const orders: AppOrders = JSON.parse(process.argv[2] ?? '{}');
const fail = (error: unknown): never => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
};
const ready = Promise.withResolvers<void>();
const debug = (_details: object, message: string): void => {
  // The pool has no other listener.
  if (message === 'A container is ready') ready.resolve();
};
const log = { debug, info() {}, warn() {}, error: (details: object) => fail(JSON.stringify(details)) };
const sources = systemSources();
const engine = createDockerEngine({
  sources: { ...sources, env: { ...sources.env, DOCKER_HOST: orders.engine } },
  onError: fail,
});
const reaper = createReaper({ log, command: nodeReaperCommand(), onProblem: ({ message }) => fail(message) });
const backend = createDockerBackend({
  engine,
  log,
  environment: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  owner: {
    installation: orders.installation,
    host: hostname(),
    pid: process.pid,
    start: findNow(process.pid)?.startedAt ?? '',
  },
  forbiddenFolders: [],
  processes: linuxProcesses,
  tracker: reaper,
});

if (orders.pooled !== null) {
  backend.keepReady?.([orders.pooled]);
  await ready.promise;
}
const { reattached } = orders;
const shell =
  reattached === null
    ? await startShell(backend, orders.spec)
    : await openShell(reattached.sessionId, async (listener) => {
        const result = await backend.reattach?.(reattached, listener, new AbortController().signal);
        return result ?? fail('It cannot take anything over');
      });
for (const [typed, answer] of orders.typed) {
  shell.type(typed);
  await shell.until(new RegExp(answer));
}

const report: AppReport = { reaper: reaper.pid, container: shell.process.container };
process.stdout.write(`${JSON.stringify(report)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'settle') {
    await shell.process.settle(250);
    process.stdout.write('settled\n');
  }
  if (line === 'quit') break;
}
await shell.process.terminate(1_000);
await backend.close?.();
await reaper.close();
process.exit(0);
