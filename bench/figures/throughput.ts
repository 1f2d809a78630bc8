import { join } from 'node:path';
import { createPtyBackend } from '../../electron/backends/pty/pty.ts';
import { SystemClock } from '../../electron/base/clock.ts';
import type { RecorderFactory } from '../../electron/recording/recorder.ts';
import { createRecorderFactory } from '../../electron/recording/recorder-factory.ts';
import { spawnBare } from '../bare-pty.ts';
import { type Contender, compete } from '../contest.ts';
import { createManager, NO_RECORDERS, quiet } from '../core.ts';
import { Counter } from '../counter.ts';
import { SAMPLES, type SampleName, shellCommand, writeSample } from '../samples.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const COLS = 120;
const ROWS = 30;

function bare(name: string, folder: string, sample: SampleName, bytes: number): Contender {
  return {
    name,
    async run() {
      const { file, args } = shellCommand(folder);
      const counter = new Counter();
      const pty = spawnBare(file, args, { cols: COLS, rows: ROWS });
      const exited = new Promise<void>((resolve) => pty.onExit(resolve));
      pty.onData((bytes) => counter.add(bytes.byteLength));
      await counter.ready.promise;
      const bytesPerMs = await counter.time(bytes, () => pty.write(`show ${sample} end\n`));
      pty.kill('SIGKILL');
      await exited;
      return bytesPerMs / 1_000;
    },
  };
}

function product(
  name: string,
  recorders: RecorderFactory,
  folder: string,
  sample: SampleName,
  bytes: number,
): Contender {
  const { file, args } = shellCommand(folder);
  const backend = createPtyBackend({ log: quiet, environment: process.env });
  return {
    name,
    async run() {
      const profile = { shell: file, args, folder, limits: { closeGraceSeconds: 0 } };
      const manager = createManager({ backend, recorders, profile });
      const counter = new Counter();
      const session = manager.open({ cols: COLS, rows: ROWS });
      const watcher = session.watch({
        headerBytes: 5,
        deliver(buffer) {
          const count = buffer.byteLength - 5;
          counter.add(count);
          queueMicrotask(() => watcher.acknowledge(count));
        },
        onClosed() {},
      });
      await session.started;
      await counter.ready.promise;
      const bytesPerMs = await counter.time(bytes, () => {
        session.write(Buffer.from(`show ${sample} end\n`), { user: true });
      });
      await manager.quit();
      return bytesPerMs / 1_000;
    },
  };
}

/** Bytes from the PTY to a consumer that acknowledges, against node-pty whose output is counted. */
export const throughput: Figure = {
  name: 'throughput',
  async measure({ folder, quick, progress }) {
    const results = [];
    const recorders = createRecorderFactory({
      folder: join(folder, 'sessions'),
      clock: new SystemClock(),
      logger: quiet,
    });
    for (const sample of quick ? SAMPLES.slice(0, 1) : SAMPLES) {
      const bytes = writeSample(folder, sample, quick ? 8_000_000 : 32_000_000);
      const outcome = await compete(
        [
          bare('bare', folder, sample, bytes),
          bare('twin', folder, sample, bytes),
          product('plain', NO_RECORDERS, folder, sample, bytes),
          product('recorded', recorders, folder, sample, bytes),
        ],
        quick ? 3 : 7,
        (round) => progress(`throughput, ${sample}, round ${round}`),
      );
      const speeds = (name: string): readonly number[] => outcome.of(name);
      const floor = { name: 'node-pty', value: summarize(speeds('bare')) };
      const row = (name: string, contender: string, least: number | null) => ({
        name: `PTY to consumer, ${sample}${name}`,
        unit: 'MB/s',
        product: summarize(speeds(contender)),
        floor,
        ratio: pairedRatio(speeds(contender), speeds('bare')),
        target: least === null ? null : ({ of: 'ratio', at: 'least', bound: least } as const),
      });
      results.push(
        row('', 'plain', 0.9),
        row(', recorded', 'recorded', 0.8),
        row(' (noise: node-pty again)', 'twin', null),
      );
    }
    return results;
  },
};
