import { report } from '../connection/core.ts';
import { changeSetting } from '../settings/actions.ts';
import { settingRow } from '../settings/rows.ts';
import type { AppState } from '../store/state.ts';
import { useApp } from '../store/store.ts';
import { focusTerminal } from './focus-terminal.ts';

/** Whether screen reader mode is off although a screen reader may be running: the setting follows a system that cannot tell. */
export function wantsReaderHint({ settings, info }: Pick<AppState, 'settings' | 'info'>): boolean {
  return settings?.effective.terminal.screenReader === 'automatic' && info?.screenReader === null;
}

/** Turns on screen reader mode. It is seen by screen readers, and by everyone while it has the keyboard. */
export function ReaderHint() {
  const wanted = useApp(wantsReaderHint);
  if (!wanted) return null;
  const turnOn = (): void => {
    changeSetting(settingRow('terminal.screenReader'), 'on').catch(report);
    focusTerminal();
  };
  return (
    <button type="button" className="button secondary reader-hint" data-testid="reader-hint" onClick={turnOn}>
      Turn on screen reader mode
    </button>
  );
}
