import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Transport } from '../../shared/transport.ts';
import type { AppState } from '../store/state.ts';
import { useApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { followReading } from '../terminal/follow-reading.ts';
import { loadTerminalFonts } from '../terminal/font.ts';
import { refuseStrayDrops } from '../terminal/paste-sources.ts';
import { setKeyFilter } from '../terminal/window-terminals.ts';
import { App } from './app.tsx';
import { runCommand } from './commands.ts';
import { followCore } from './core-events.ts';
import { keepTerminalFocus } from './keep-focus.ts';
import { listenForShortcuts, terminalMayHandle } from './shortcut-keys.ts';
import { startTheme } from './theme.ts';

/** Draws the window and connects it. */
export function start(connect: () => Promise<Transport>): void {
  startTheme();
  followReading();
  listenForShortcuts();
  keepTerminalFocus();
  refuseStrayDrops();
  setKeyFilter(terminalMayHandle);
  followCore({ connect: withFonts(connect), command: runCommand });
  useApp.subscribe((state, before) => {
    if (state.link.state === 'open' && before.link.state !== 'open') focusTerminal();
    if (wasTakenAway(state, before)) focusTerminal();
  });
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no #root to draw into.');
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

/** Whether another window has closed or replaced the active tab, which had the keyboard. */
function wasTakenAway(state: AppState, before: AppState): boolean {
  if (before.active === null || state.active === before.active || state.sessions[before.active] !== undefined) {
    return false;
  }
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.closest(`#panel-${before.active}`) !== null;
}

/** Terminals measure their cells by the font, so it is loaded while the connection is made, and awaited with it. */
function withFonts(connect: () => Promise<Transport>): () => Promise<Transport> {
  const fonts = loadTerminalFonts();
  return async () => {
    const [transport] = await Promise.all([connect(), fonts]);
    return transport;
  };
}
