import { describeEndings } from '../../shared/ending-soon.ts';
import { call, report } from '../connection/core.ts';
import { getApp, setApp } from '../store/store.ts';
import { showDone, showSettingChanged } from '../toasts/toasts.ts';
import { describeSetting } from './parse.ts';
import { type SettingValue, sameValue, settingAt } from './paths.ts';
import type { SettingRow } from './rows.ts';

/** A toast that says which sessions will close stays as long as there is time to undo that, and no longer than this. */
const MAX_TOAST_SECONDS = 60;

/** Changes a setting at once and offers to undo it; null puts the default back. @throws RequestError when refused. */
export async function changeSetting(row: SettingRow, value: SettingValue | null): Promise<void> {
  const before = getApp().settings;
  const { view: settings, endings } = await call('settings.change', { changes: [{ path: row.path, value }] });
  setApp({ settings });
  if (before === null) return;
  const old = settingAt(before.preferences, row.path);
  const now = settingAt(settings.preferences, row.path);
  if (sameValue(old, now)) return;
  const back =
    before.origins[row.path] === 'default' || sameValue(old, settingAt(before.defaults, row.path)) ? null : old;
  const text = describeEndings(endings);
  const last = Math.min(MAX_TOAST_SECONDS, Math.max(0, ...endings.map(({ seconds }) => seconds ?? 0)));
  showSettingChanged(
    `${row.name}: ${describeSetting(now, row.control)}`,
    { label: 'Undo', run: () => void undo(row, back) },
    text === null ? null : { text, seconds: last },
  );
}

/** Writes the settings over a file that is not used, as the user has agreed. */
export async function replaceSettingsFile(): Promise<void> {
  try {
    const { copy, settings } = await call('settings.replaceFile', {});
    setApp({ settings });
    showDone('The settings file was replaced', `The old file was kept as ${copy}`);
  } catch (error) {
    report(error);
  }
}

/** Null puts the default back, so that a better one of a later version holds. */
async function undo(row: SettingRow, old: SettingValue | null): Promise<void> {
  try {
    const { view: settings } = await call('settings.change', { changes: [{ path: row.path, value: old }] });
    setApp({ settings });
  } catch (error) {
    report(error);
  }
}
