import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import headless from '@xterm/headless';
import { guardTerminal } from '../../shared/terminal/guard.ts';

export interface HeadlessOptions {
  readonly cols: number;
  readonly rows: number;
  /** Lines above the screen that are kept. */
  readonly scrollback: number;
  /** Clearing the screen moves its lines into the scrollback instead of losing them. */
  readonly scrollOnEraseInDisplay?: boolean;
}

/** A terminal without a screen that reads output exactly as a window's does: the same version, widths and guard. */
export function openHeadlessTerminal(options: HeadlessOptions): headless.Terminal {
  const terminal = new headless.Terminal({ ...options, allowProposedApi: true, logLevel: 'off' });
  terminal.loadAddon(new UnicodeGraphemesAddon());
  guardTerminal(terminal);
  return terminal;
}
