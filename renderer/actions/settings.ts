import { call, report } from '../engine.ts';
import { settingWords } from '../settings/parse.ts';
import { type SettingValue, sameValue, settingAt } from '../settings/paths.ts';
import type { SettingRow } from '../settings/rows.ts';
import { getApp, setApp } from '../store/store.ts';
import { showDone, showSettingChanged } from '../toasts.ts';

/** Changes a setting at once and offers to undo it; null puts the default back. @throws RequestError when refused. */
export async function changeSetting(row: SettingRow, value: SettingValue | null): Promise<void> {
  const before = getApp().settings;
  const settings = await call('settings.change', { changes: [{ path: row.path, value }] });
  setApp({ settings });
  if (before === null) return;
  const old = settingAt(before.preferences, row.path);
  const now = settingAt(settings.preferences, row.path);
  if (sameValue(old, now)) return;
  showSettingChanged(`${row.name}: ${settingWords(now, row.control)}`, {
    label: 'Undo',
    run: () => void undo(row, old),
  });
}

/** Writes the settings over a file that is not used, as the user has agreed. */
export async function replaceSettingsFile(): Promise<void> {
  try {
    const { copy, settings } = await call('settings.replaceFile', {});
    setApp({ settings });
    showDone('The settings file was replaced', `The file as it was is kept as ${copy}`);
  } catch (error) {
    report(error);
  }
}

async function undo(row: SettingRow, old: SettingValue): Promise<void> {
  try {
    setApp({ settings: await call('settings.change', { changes: [{ path: row.path, value: old }] }) });
  } catch (error) {
    report(error);
  }
}
