import { inflateRawSync } from 'node:zlib';
import type { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureState, isAtBoundary, restoreState, SetColors } from '../../shared/terminal/state.ts';
import { anyOutput, plainOutput } from '../../shared/testing/terminal-output.ts';
import { type CompactJob, Compactor, type SizeChange } from './compact.ts';
import { openHeadlessTerminal } from './headless-terminal.ts';
import { skipScrolledOut } from './skip-scrolled-out.ts';

const SIZE = { cols: 20, rows: 6 };
const SCROLLBACK = 30;

type Part = string | readonly [number, number];

function open(): { terminal: Terminal; colors: SetColors } {
  const terminal = openHeadlessTerminal({ ...SIZE, scrollback: SCROLLBACK });
  return { terminal, colors: new SetColors(terminal) };
}

const write = (terminal: Terminal, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => terminal.write(bytes, resolve));

/** Parts as one array of bytes, and the sizes in it. */
function flatten(parts: readonly Part[]): { bytes: Uint8Array<ArrayBuffer>; changes: SizeChange[] } {
  const changes: SizeChange[] = [];
  let bytes = Buffer.alloc(0);
  for (const part of parts) {
    if (typeof part === 'string') bytes = Buffer.concat([bytes, Buffer.from(part)]);
    else changes.push({ index: bytes.byteLength, cols: part[0], rows: part[1] });
  }
  return { bytes: new Uint8Array(bytes), changes };
}

async function playFrom(terminal: Terminal, bytes: Uint8Array, changes: readonly SizeChange[]): Promise<void> {
  let at = 0;
  for (const { index, cols, rows } of changes) {
    await write(terminal, bytes.subarray(at, index));
    at = index;
    terminal.resize(cols, rows);
  }
  await write(terminal, bytes.subarray(at));
}

/** A state so that a difference can be read. */
const textOf = (state: Uint8Array): string => Buffer.from(state).toString('latin1');

const anySize = fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 12 }));
const anyParts: fc.Arbitrary<Part[]> = fc.array(fc.oneof({ arbitrary: anyOutput, weight: 12 }, anySize), {
  maxLength: 60,
});

describe('checkpoints', () => {
  it('stand for all that came before them, wherever it is cut', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyParts, fc.array(fc.nat(), { maxLength: 4 }), async (parts, cuts) => {
        using compactor = new Compactor(48, 3);
        const { bytes, changes } = flatten(parts);
        const { terminal, colors } = open();
        await playFrom(terminal, bytes, changes);
        // As the log of a session does: each checkpoint goes on from the last.
        let job: Omit<CompactJob, 'bytes' | 'changes'> = { key: 1, state: null, size: SIZE, scrollback: SCROLLBACK };
        let at = 0;
        let change = 0;
        for (const cut of cuts.map((each) => each % (bytes.byteLength + 1)).sort((a, b) => a - b)) {
          if (cut < at) continue;
          const part = changes.slice(change).filter(({ index }) => index <= cut);
          const made = compactor.compact({
            ...job,
            key: cut % 2,
            bytes: bytes.slice(at, cut),
            changes: part.map((each) => ({ ...each, index: each.index - at })),
          });
          at += made.bytes;
          change += made.changes;
          job = { ...job, state: made.state, size: made.size };
        }
        const fresh = openHeadlessTerminal({ ...job.size, scrollback: SCROLLBACK });
        const freshColors = new SetColors(fresh);
        if (job.state !== null) restoreState(fresh, inflateRawSync(job.state));
        await playFrom(
          fresh,
          bytes.slice(at),
          changes.slice(change).map((each) => ({ ...each, index: each.index - at })),
        );
        if (isAtBoundary(terminal)) {
          expect(textOf(captureState(fresh, freshColors))).toBe(textOf(captureState(terminal, colors)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are made within a string without an end', () => {
    using compactor = new Compactor();
    const bytes = Buffer.from(`shown\x1b]0;${'x'.repeat(300_000)}`);
    const made = compactor.compact({ key: 1, state: null, size: SIZE, bytes, changes: [], scrollback: 5 });
    expect(made.bytes).toBe(bytes.byteLength);
    const { terminal } = open();
    restoreState(terminal, inflateRawSync(made.state));
    expect(isAtBoundary(terminal)).toBe(false);
  });
});

describe('output that scrolls out', () => {
  const line = fc.tuple(plainOutput, plainOutput).map((parts) => `${parts.join('')}\r\n`);

  it('is skipped without a trace, whatever came before it', { timeout: 120_000 }, async () => {
    let skippedRuns = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyOutput, { maxLength: 15 }),
        fc.array(line, { minLength: 45, maxLength: 90 }),
        async (before, lines) => {
          const [whole, skipping] = [open(), open()];
          const output = Buffer.from(
            lines.join('').replaceAll('\b', '').replaceAll('\x1b[C', '').replaceAll('\x1b[2D', ''),
          );
          for (const { terminal } of [whole, skipping]) await write(terminal, `${before.join('')}\x18`);
          const { skipped, before: instead } = skipScrolledOut(skipping.terminal, output);
          if (skipped > 0) skippedRuns += 1;
          await write(whole.terminal, output);
          await write(skipping.terminal, instead);
          await write(skipping.terminal, output.subarray(skipped));
          expect(
            Buffer.compare(
              captureState(skipping.terminal, skipping.colors),
              captureState(whole.terminal, whole.colors),
            ),
          ).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
    expect(skippedRuns).toBeGreaterThan(20);
  });

  it('is parsed whole where it holds more than text, colours and line ends', async () => {
    const { terminal } = open();
    const lines = 'text\r\n'.repeat(100);
    expect(skipScrolledOut(terminal, Buffer.from(lines)).skipped).toBeGreaterThan(0);
    for (const other of ['\x1b[H', '\x0e', '\x1b[?1049h', '\x1b]0;t\x07', '\u009b5A', '\x08'])
      expect(skipScrolledOut(terminal, Buffer.from(other + lines)).skipped).toBe(0);
    expect(skipScrolledOut(terminal, Buffer.from('text\r\n'.repeat(20))).skipped).toBe(0);
  });
});
