import { useSyncExternalStore } from 'react';
import type { Preferences } from '../../shared/settings.ts';
import { getApp, useApp } from '../store/store.ts';
import { terminals } from '../terminal/window-terminals.ts';

type Theme = Preferences['appearance']['theme'];

/** Where the last theme is kept, so that the first paint has the right colours before the settings are there. */
const STORED = 'sandglass.theme';

const dark = window.matchMedia('(prefers-color-scheme: dark)');
let shown: 'light' | 'dark' = 'light';
const listeners = new Set<() => void>();

function wanted(): Theme {
  const chosen = getApp().settings?.effective.appearance.theme;
  if (chosen !== undefined) return chosen;
  const stored = window.localStorage.getItem(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function apply(): void {
  const theme = wanted();
  const next = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  const { classList } = document.documentElement;
  if (next === shown && classList.contains(next)) return;
  shown = next;
  classList.toggle('dark', next === 'dark');
  classList.toggle('light', next === 'light');
  terminals.applyTheme();
  for (const listener of listeners) listener();
}

/** Follows the settings and the system from now on. */
export function startTheme(): void {
  apply();
  dark.addEventListener('change', apply);
  useApp.subscribe((state, before) => {
    if (state.settings === before.settings || state.settings === null) return;
    window.localStorage.setItem(STORED, state.settings.effective.appearance.theme);
    apply();
  });
}

/** The theme as shown: light or dark. */
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}
