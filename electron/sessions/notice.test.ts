import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { LIMIT_REASONS, type LimitReason } from '../../shared/session.ts';
import { TerminalModes } from '../terminal/terminal-modes.ts';
import { buriesNotice, noticeText, restoreSequences } from './notice.ts';

const TIMEOUT_NOTICE = '\r\nSession timeout - connection closed\r\n';
const facts = {
  reason: 'idle_timeout',
  expired: 'idle_timeout',
  limitSeconds: 900,
  elapsedSeconds: 900,
  failure: null,
  detail: null,
  at: Date.UTC(2026, 10, 21, 12),
} as const;

function rowsOf(terminal: Terminal): string[] {
  const { active } = terminal.buffer;
  return Array.from({ length: active.length }, (_value, row) => active.getLine(row)?.translateToString(true) ?? '');
}

async function afterNotice(output: string): Promise<Terminal> {
  const terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24 });
  const modes = new TerminalModes();
  modes.scan(new TextEncoder().encode(output));
  await new Promise<void>((resolve) =>
    terminal.write(output + restoreSequences(modes) + noticeText(facts), () => resolve()),
  );
  return terminal;
}

describe('the notice', () => {
  it('begins with the line that programs may search for, then says which limit, how long, and when', () => {
    const text = noticeText(facts);
    expect(text.startsWith('\r\nSession timeout - connection closed\r\n')).toBe(true);
    expect(text.startsWith(TIMEOUT_NOTICE)).toBe(true);
    expect(text).toMatch(/Idle timeout: no activity for 15 minutes, closed at 2026-11-21 \d\d:00:00\.\r\n$/);
    expect(noticeText({ ...facts, reason: 'max_duration', limitSeconds: 5_400 })).toContain(
      'Maximum duration: open for 1 hour 30 minutes',
    );
  });

  it('is not shown when the user closed the tab or the shell exited', () => {
    expect(noticeText({ ...facts, reason: 'closed' })).toBe('');
    expect(noticeText({ ...facts, reason: 'exited' })).toBe('');
  });

  it('of a session that makes way for a fresh one is that of its limit, and says how to get there', () => {
    const reset = (expired: LimitReason) => noticeText({ ...facts, reason: 'auto_reset', expired });
    for (const expired of LIMIT_REASONS) {
      expect(reset(expired)).toBe(
        `${noticeText({ ...facts, reason: expired })}Press any key to open a fresh session.\r\n`,
      );
    }
    expect(reset('idle_timeout').startsWith(TIMEOUT_NOTICE)).toBe(true);
  });

  it('lets no control character of a failure’s message through', () => {
    const failure = { stage: 'shell', message: 'No\x1b]0;x\x07/bin/\nzsh', hint: 'Install it.' } as const;
    const text = noticeText({ ...facts, reason: 'start_failed', failure });
    expect(text).toBe('\r\nShell not found - connection closed\r\nNo ]0;x /bin/ zsh\r\nInstall it.\r\n');
  });

  it.each([
    ['a prompt', '$ ls\r\nfile\r\n$ '],
    ['vim', '$ vim\r\n\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[1;24r\x1b[31mtext\x1b[24;1H~'],
    ['an old alternate screen', '$ x\r\n\x1b[?47hscreen'],
    ['a program cut off inside a string', '$ x\r\n\x1b]0;an endless title'],
    ['a program cut off inside a sequence', '$ x\r\n\x1b[38;5;'],
    ['a program cut off inside a character', '$ x\r\n'],
    ['line drawing characters', '$ x\r\n\x1b(0lqqk'],
    ['a bidden 8-bit alternate screen', '$ x\r\n\u009b?1049hscreen'],
    ['a scroll region and origin mode', '$ x\r\n\x1b[5;10r\x1b[?6h\x1b[1;1Hhere'],
  ])('is legible in a sane terminal after %s', async (_name, output) => {
    const terminal = await afterNotice(output);
    expect(terminal.buffer.active.type).toBe('normal');
    const rows = rowsOf(terminal);
    expect(rows).toContain('Session timeout - connection closed');
    expect(rows[0]?.startsWith('$')).toBe(true);
    expect(terminal.modes.mouseTrackingMode).toBe('none');
    expect(terminal.modes.bracketedPasteMode).toBe(false);
    expect(terminal.modes.applicationCursorKeysMode).toBe(false);
    expect(terminal.modes.originMode).toBe(false);
    expect(terminal.modes.wraparoundMode).toBe(true);
    const at = rows.indexOf('Session timeout - connection closed');
    const cell = terminal.buffer.active.getLine(at)?.getCell(0);
    expect(cell?.isFgDefault()).toBe(true);
    expect(at).toBeGreaterThan(0);
    terminal.dispose();
  });
});

it('comes after what is on the screen and overwrites nothing', async () => {
  const terminal = await afterNotice('$ seq 3\r\n1\r\n2\r\n3\r\n$ ');
  expect(rowsOf(terminal).slice(0, 6)).toEqual(['$ seq 3', '1', '2', '3', '$ ', 'Session timeout - connection closed']);
  terminal.dispose();
});

describe('output after the notice', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('covers it when there is much of it, or when it moves about on the screen', () => {
    expect(buriesNotice(bytes('y\r\n'.repeat(1_000)))).toBe(true);
    expect(buriesNotice(bytes('\x1b[?1049lVim: Caught deadly signal HUP\r\n'))).toBe(true);
    expect(buriesNotice(bytes('\x1b[Hat home'))).toBe(true);
    expect(buriesNotice(null)).toBe(true);
  });

  it('does not when it is a shell’s last line', () => {
    expect(buriesNotice(bytes(''))).toBe(false);
    expect(buriesNotice(bytes('\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\nexit\r\n'))).toBe(false);
  });
});
