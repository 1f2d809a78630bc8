import { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TerminalModes } from './terminal-modes.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function scanned(text: string): TerminalModes {
  const modes = new TerminalModes();
  modes.scan(bytes(text));
  return modes;
}

/** Output such as full-screen programs make, and what hostile ones might. */
const fragment = fc.oneof(
  fc.constantFrom(
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[?47h',
    '\x1b[?47l',
    '\x1b[?1047h',
    '\x1b[?1047l',
    '\x1b[?1;1049h',
    '\x1b[?2004;1000h',
    '\x1b[?25l',
    '\x1b[?25h',
    '\x1b[2J\x1b[H',
    '\x1b[1;31m',
    '\x1b]0;a title\x07',
    '\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\',
    '\x1bP$q"p\x1b\\',
    '\x1b(B',
    '\x1bc',
    '\x1b[!p',
    '\x1b[?10\x181049h',
    'é😀',
    'plain text\r\n',
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/\p{Cc}/gu, '')),
);

describe('the modes a terminal is in', () => {
  it('are those that xterm.js is in, after any output split anyhow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fragment, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), async (parts, size) => {
        const all = bytes(parts.join(''));
        const modes = new TerminalModes();
        for (let at = 0; at < all.length; at += size) modes.scan(all.subarray(at, at + size));
        const terminal = new Terminal({ allowProposedApi: true });
        await new Promise<void>((resolve) => terminal.write(all, resolve));
        expect(modes.alternateScreen).toBe(terminal.buffer.active.type === 'alternate');
        expect(modes.isSet(2004)).toBe(terminal.modes.bracketedPasteMode);
        expect(modes.isSet(1)).toBe(terminal.modes.applicationCursorKeysMode);
        terminal.dispose();
      }),
    );
  });

  it('can be had again in a fresh terminal', () => {
    const modes = scanned('\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l');
    expect(scanned(modes.asSequences()).asSequences()).toBe(modes.asSequences());
    expect(modes.alternateScreen).toBe(true);
    expect(modes.isSet(25)).toBe(false);
  });

  it('are a fresh terminal’s after a full reset', () => {
    expect(scanned('\x1b[?1049h\x1b[?2004h\x1bc').asSequences()).toBe('');
  });

  it('are not changed by what stands in a string', () => {
    expect(scanned('\x1b]0;[?1049h\x07').alternateScreen).toBe(false);
    expect(scanned('\x1bP[?1049h\x1b\\').alternateScreen).toBe(false);
  });

  it('tell where something new begins', () => {
    for (const cut of ['\x1b', '\x1b[', '\x1b[?10', '\x1b]0;tit', '\x1bPabc', '\x1b(']) {
      expect(scanned(`text${cut}`).atBoundary, JSON.stringify(cut)).toBe(false);
    }
    const split = new TerminalModes();
    split.scan(bytes('😀').subarray(0, 2));
    expect(split.atBoundary).toBe(false);
    expect(split.skipToBoundary(bytes('😀').subarray(2))).toBe(2);
    expect(split.atBoundary).toBe(true);
    expect(scanned('text').atBoundary).toBe(true);
  });
});
