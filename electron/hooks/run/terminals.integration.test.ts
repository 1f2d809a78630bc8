import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { startScript, testBackend } from '../../backends/testing/shells.ts';
import type { RunHookRequest } from '../hooks.ts';

const RUNS = 15;

describe.runIf(process.platform === 'linux')('a hook that is run by another thread', { timeout: 90_000 }, () => {
  test('gets hold of no session’s terminal, also when sessions are being opened meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-terminals-'));
    writeFileSync(join(folder, 'run'), '#!/bin/sh\nls -l /proc/$$/fd >>"$(dirname "$0")/open"\n', { mode: 0o755 });
    const requests = Array.from(
      { length: RUNS },
      (_, index): RunHookRequest => ({
        hook: 'test',
        folder,
        file: 'run',
        args: [],
        body: '{}',
        environment: { SANDGLASS_EVENT: 'session:start' },
        timeoutMs: 30_000,
        runId: `THREAD${process.pid}R${index}`,
      }),
    );
    const backend = testBackend({ cgroupParent: { none: true } });
    const first = await startScript(backend, 'read line');
    const results: unknown[] = [];
    const worker = new Worker(new URL('testing/run-in-thread.ts', import.meta.url), {
      workerData: requests,
      trackUnmanagedFds: false,
    });
    worker.on('message', (result) => results.push(result));
    const ended = new Promise((resolve, reject) => {
      worker.once('exit', resolve);
      worker.once('error', reject);
    });
    let isDone = false;
    void ended.finally(() => {
      isDone = true;
    });
    do {
      const shell = await startScript(backend, 'read line');
      await shell.process.terminate(0);
    } while (!isDone);
    await ended;
    await first.process.terminate(0);
    expect(results).toEqual(requests.map(() => ({ kind: 'ok', words: expect.stringMatching(/^exited with 0/) })));
    const open = readFileSync(join(folder, 'open'), 'utf8');
    expect(open.split('\n').filter((line) => line.includes('event (deleted)'))).toHaveLength(RUNS);
    expect(open).not.toMatch(/ptmx|pts/);
    rmSync(folder, { recursive: true });
  });
});
