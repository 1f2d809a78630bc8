import { call, report } from '../engine.ts';
import { settingWords } from '../settings/parse.ts';
import { type SettingValue, sameValue, settingAt } from '../settings/paths.ts';
import type { SettingRow } from '../settings/rows.ts';
import { getApp, setApp } from '../store/store.ts';
import { showSettingChanged } from '../toasts.ts';

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

async function undo(row: SettingRow, old: SettingValue): Promise<void> {
  try {
    setApp({ settings: await call('settings.change', { changes: [{ path: row.path, value: old }] }) });
  } catch (error) {
    report(error);
  }
}
