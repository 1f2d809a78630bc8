import { createPtyBackend } from '../../electron/backends/pty/pty.ts';
import { spawnBare } from '../bare-pty.ts';
import { compete } from '../contest.ts';
import { createManager, NO_RECORDERS, quiet } from '../core.ts';
import { PROMPT, PromptWatch } from '../prompt-watch.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const SHELL = '/bin/bash';
const ARGS = ['--norc', '-i'];
const SIZE = { cols: 120, rows: 30 };

/** From the call that opens a session to its shell's first prompt, against node-pty with the same shell. */
export const opening: Figure = {
  name: 'opening',
  async measure({ quick, progress, folder }) {
    const backend = createPtyBackend({ log: quiet, environment: process.env });
    const profile = {
      shell: SHELL,
      args: ARGS,
      folder,
      environment: { PS1: PROMPT },
      limits: { closeGraceSeconds: 0 },
    };
    const manager = createManager({ backend, recorders: NO_RECORDERS, profile });
    const bare = (name: string) => ({
      name,
      async run() {
        const prompt = new PromptWatch();
        const startedMs = performance.now();
        const env = { ...process.env, PS1: PROMPT };
        const pty = spawnBare(SHELL, ARGS, { ...SIZE, cwd: folder, env });
        pty.onData((bytes) => prompt.add(bytes));
        await prompt.seen.promise;
        const ms = performance.now() - startedMs;
        const exited = new Promise<void>((resolve) => pty.onExit(resolve));
        pty.kill('SIGKILL');
        await exited;
        return ms;
      },
    });
    const product = {
      name: 'product',
      async run() {
        const prompt = new PromptWatch();
        const startedMs = performance.now();
        const session = manager.open(SIZE);
        const watcher = session.watch({
          headerBytes: 0,
          deliver(buffer) {
            prompt.add(buffer);
            queueMicrotask(() => watcher.acknowledge(buffer.byteLength));
          },
          onClosed() {},
        });
        await prompt.seen.promise;
        const ms = performance.now() - startedMs;
        await manager.close(session.id, true);
        return ms;
      },
    };
    const outcome = await compete([product, bare('bare'), bare('twin')], quick ? 5 : 40, (round) =>
      progress(`opening, round ${round}`),
    );
    await manager.quit();
    const times = (name: string): readonly number[] => outcome.of(name);
    const row = (name: string, contender: string) => ({
      name,
      unit: 'ms',
      product: summarize(times(contender)),
      floor: { name: 'node-pty', value: summarize(times('bare')) },
      ratio: pairedRatio(times(contender), times('bare')),
      target: null,
    });
    return [row('Open to first prompt', 'product'), row('Open to first prompt (noise: node-pty again)', 'twin')];
  },
};
