import { openHeadlessTerminal } from '../../electron/terminal/headless-terminal.ts';
import { coreOf } from '../../shared/terminal/core.ts';
import {
  HOSTILE_OUTPUTS,
  type HostileOutput,
  hostileText,
  MOST_OF_PLAIN,
  PLAIN_OUTPUT,
} from '../../shared/testing/hostile-output.ts';
import type { Result } from '../report.ts';
import { fastestRatio, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const PIECE_BYTES = 65_536;

/** Each kind of hostile output against plain text of its length, in the terminal that windows, exports and states share. */
export const hostile: Figure = {
  name: 'hostile',
  async measure({ quick, progress }) {
    const length = quick ? 60_000 : 150_000;
    const rounds = quick ? 3 : 11;
    const results: Result[] = [];
    for (let round = 0; round < 5; round += 1) nanosecondsPerByte(PLAIN_OUTPUT, length);
    for (const output of HOSTILE_OUTPUTS) {
      progress(`hostile, ${output.name}`);
      const speeds = { hostile: [] as number[], plain: [] as number[] };
      // The first round is not counted: it has the compiler in it.
      nanosecondsPerByte(output, length);
      for (let round = 0; round < rounds; round += 1) {
        speeds.plain.push(nanosecondsPerByte(PLAIN_OUTPUT, length));
        speeds.hostile.push(nanosecondsPerByte(output, length));
      }
      results.push({
        name: `Hostile output: ${output.name}`,
        unit: 'ns/B',
        product: summarize(speeds.hostile),
        floor: { name: 'plain text', value: summarize(speeds.plain) },
        ratio: fastestRatio(speeds.hostile, speeds.plain),
        target: { of: 'ratio', at: 'most', bound: output.most?.ratio ?? MOST_OF_PLAIN },
      });
    }
    return results;
  },
};

/** Parsing alone: a window draws a frame at a time, whatever the output is. */
function nanosecondsPerByte(output: HostileOutput, length: number): number {
  const bytes = Buffer.from(hostileText(output, length));
  const terminal = openHeadlessTerminal({ cols: 80, rows: 24, scrollback: 10_000 });
  const core = coreOf(terminal);
  const startedMs = performance.now();
  for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES) {
    core.writeSync(bytes.subarray(start, start + PIECE_BYTES));
  }
  const tookMs = performance.now() - startedMs;
  terminal.dispose();
  return (tookMs * 1_000_000) / bytes.byteLength;
}
