import type { Terminal } from '@xterm/headless';
import { openHeadlessTerminal } from '../../electron/terminal/headless-terminal.ts';
import { HOSTILE_OUTPUTS, type HostileOutput, hostileText, PLAIN_OUTPUT } from '../../shared/testing/hostile-output.ts';
import type { Result } from '../report.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

/** The most that output may take of what plain text of its length takes. */
const MOST = 3;
/**
 * Sequences of a few bytes that have to touch every cell of the screen, each time: what they take depends on its size, not
 * on what came before. The page shows them in pieces, and stays responsive.
 */
const WHOLE_SCREEN_MOST = 40;
const WHOLE_SCREEN = /cleared|erasing|inserted|deleted|scrolled|screens|repeated|resets|columns|margins|tabs back/;

/** Each kind of hostile output against plain text of its length, in the terminal that windows, exports and states share. */
export const hostile: Figure = {
  name: 'hostile',
  async measure({ quick, progress }) {
    const length = quick ? 60_000 : 300_000;
    const rounds = quick ? 3 : 5;
    const results: Result[] = [];
    for (const output of HOSTILE_OUTPUTS) {
      progress(`hostile, ${output.name}`);
      const speeds = { hostile: [] as number[], plain: [] as number[] };
      for (let round = 0; round < rounds; round += 1) {
        speeds.plain.push(await nanosecondsPerByte(PLAIN_OUTPUT, length));
        speeds.hostile.push(await nanosecondsPerByte(output, length));
      }
      results.push({
        name: `Hostile output: ${output.name}`,
        unit: 'ns/B',
        product: summarize(speeds.hostile),
        floor: { name: 'plain text', value: summarize(speeds.plain) },
        ratio: pairedRatio(speeds.hostile, speeds.plain),
        target: { of: 'ratio', at: 'most', bound: WHOLE_SCREEN.test(output.name) ? WHOLE_SCREEN_MOST : MOST },
      });
    }
    return results;
  },
};

async function nanosecondsPerByte(output: HostileOutput, length: number): Promise<number> {
  const bytes = Buffer.from(hostileText(output, length));
  const terminal: Terminal = openHeadlessTerminal({ cols: 80, rows: 24, scrollback: 10_000 });
  const startedMs = performance.now();
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const tookMs = performance.now() - startedMs;
  terminal.dispose();
  return (tookMs * 1_000_000) / bytes.byteLength;
}
