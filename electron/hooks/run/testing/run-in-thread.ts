import { parentPort, workerData } from 'node:worker_threads';
import type { RunHookRequest } from '../../hooks.ts';
import { runHook } from '../run-hook.ts';

// Runs hooks in a thread of its own, as the app does: reports how each went.
const requests: readonly RunHookRequest[] = workerData;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const tracker = { started: async () => {}, ended() {} };
for (const request of requests) {
  const dependencies = { tracker, logger: silent, hostEnvironment: process.env };
  parentPort?.postMessage(await runHook(request, dependencies, new AbortController().signal));
}
