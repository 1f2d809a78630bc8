import type { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainOutput } from '../../../shared/testing/terminal-output.ts';
import { openHeadlessTerminal } from '../../terminal/headless-terminal.ts';
import type { CastEvent } from './cast-reader.ts';
import { castText } from './text.ts';

type Part = string | readonly [number, number];

async function exported(parts: readonly Part[]): Promise<string> {
  async function* events(): AsyncGenerator<CastEvent, void, undefined> {
    for (const part of parts) {
      if (typeof part === 'string') yield { code: 'o', data: part, atMicros: 0 };
      else yield { code: 'r', data: part.join('x'), atMicros: 0 };
    }
  }
  await using recording = {
    header: { version: 3 as const, term: { cols: 80, rows: 24 } },
    events: events(),
    async [Symbol.asyncDispose]() {},
  };
  const text: string[] = [];
  for await (const piece of castText(recording)) text.push(piece);
  return text.join('');
}

/** What *Select all* copies: xterm.js joins the rows of a line. */
async function selected(parts: readonly Part[]): Promise<string> {
  const terminal: Terminal = openHeadlessTerminal({ cols: 80, rows: 24, scrollback: 10_000 });
  for (const part of parts) {
    if (typeof part === 'string') await new Promise<void>((resolve) => terminal.write(part, resolve));
    else terminal.resize(...part);
  }
  const { active } = terminal.buffer;
  return Array.from({ length: active.length }, (_row, index) => {
    const line = active.getLine(index);
    return `${index > 0 && line?.isWrapped !== true ? '\n' : ''}${line?.translateToString(true) ?? ''}`;
  }).join('');
}

test('the text of a recording is what a window copies with *Select all*, for any output and sequence of sizes', async () => {
  const size = fc.tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 12 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ arbitrary: plainOutput, weight: 9 }, size), { maxLength: 60 }),
      async (parts) => {
        expect((await exported(parts)).trimEnd()).toBe((await selected(parts)).trimEnd());
      },
    ),
    { numRuns: 100 },
  );
});
