import { getApp, useApp } from '../store/store.ts';
import { terminalPreferences } from './reading.ts';
import { terminals } from './window-terminals.ts';

/** Keeps all terminals as the settings and the system have it. */
export function followReading(): void {
  const queries = [window.matchMedia('(prefers-contrast: more)'), window.matchMedia('(forced-colors: active)')];
  const apply = (): void => {
    const { settings, info } = getApp();
    if (settings === null) return;
    const highContrast = queries.some(({ matches }) => matches);
    terminals.applyPreferences(
      terminalPreferences(settings, { highContrast, screenReader: info?.screenReader ?? null }),
    );
  };
  for (const query of queries) query.addEventListener('change', apply);
  useApp.subscribe((state, before) => {
    if (state.settings !== before.settings || state.info?.screenReader !== before.info?.screenReader) apply();
  });
}
