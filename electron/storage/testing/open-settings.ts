import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { RequestError } from '../../../shared/errors.ts';
import type { SettingChange } from '../../../shared/settings.ts';
import { createSettingsStore } from '../create-settings-store.ts';
import { BUILT_IN_POLICY } from '../policy.ts';
import { openSettingsFile } from '../settings-file-conf.ts';
import type { PolicyState } from '../settings-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The time at which copies of a settings file are named, and that name. */
const NOW = Date.UTC(2026, 10, 4, 12, 1, 2);
export const COPY = 'settings.corrupt-20261104T120102Z.json';

/** A setting to change. */
export const IDLE = 'limits.local.idleTimeoutSeconds';

interface Setup {
  folder?: string;
  content?: unknown;
  env?: Record<string, string>;
  policy?: PolicyState;
}

/** Opens the settings of a folder, on a real file. */
export function openSettings({ folder = temporaryFolder(), content, env = {}, policy }: Setup = {}) {
  const path = join(folder, 'settings.json');
  let policyNow: PolicyState = policy ?? { ok: true, policy: BUILT_IN_POLICY, file: null };
  if (content !== undefined) {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o644 });
  }
  const store = createSettingsStore({
    file: openSettingsFile(path, () => NOW),
    env,
    readPolicy: () => policyNow,
    logger: pino({ level: 'silent' }),
  });
  const stored = (): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const refusal = (...changes: SettingChange[]): RequestError => {
    try {
      store.change(changes);
    } catch (error) {
      if (error instanceof RequestError) return error;
      throw error;
    }
    throw new Error('the change was not refused');
  };
  const changePolicy = (next: PolicyState): void => {
    policyNow = next;
    store.refreshPolicy();
  };
  return { store, path, folder, stored, refusal, changePolicy };
}
