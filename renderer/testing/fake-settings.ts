import { RequestError } from '../../shared/errors.ts';
import { type SettingChange, type SettingsView, settingsViewSchema } from '../../shared/settings.ts';

/** The settings after these changes, all of them in force. A null value puts the default back. */
export function withChanges(view: SettingsView, changes: readonly SettingChange[]): SettingsView {
  const next: Record<string, unknown> = structuredClone(view);
  for (const { path, value } of changes) {
    const now = value ?? valueAt(view.defaults, path.split('.'));
    for (const level of ['preferences', 'effective']) put(next[level], path.split('.'), now);
    put(next.origins, [path], value === null ? 'default' : 'settings');
  }
  const parsed = settingsViewSchema.safeParse(next);
  if (!parsed.success) throw new RequestError('invalid_setting', 'It is not valid.');
  return parsed.data;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function valueAt(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isRecord(found) ? found[key] : undefined), from);
}

function put(into: unknown, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (!isRecord(into)) return;
  if (rest.length === 0) into[key] = value;
  else put(into[key], rest, value);
}
