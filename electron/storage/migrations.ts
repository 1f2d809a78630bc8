import { PRESETS } from '../../shared/profile.ts';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { MAX_PROFILES } from './profile-changes.ts';
import { isRecord } from './setting-values.ts';

type Document = Readonly<Record<string, unknown>>;

/** Where the flat settings of version 0 went. */
const VERSION_0_ADDRESSES: Readonly<Record<string, readonly [section: string, ...rest: string[]]>> = {
  idleTimeoutSeconds: ['limits', 'local', 'idleTimeoutSeconds'],
  maxDurationSeconds: ['limits', 'local', 'maxDurationSeconds'],
  warnBeforeSeconds: ['limits', 'warnBeforeSeconds'],
  extensions: ['limits', 'extensions'],
  closeGraceSeconds: ['limits', 'closeGraceSeconds'],
  maxConcurrentSessions: ['sessions', 'maxConcurrentSessions'],
  cleanupIntervalSeconds: ['sessions', 'cleanupIntervalSeconds'],
  fontSize: ['terminal', 'fontSize'],
  scrollbackLines: ['terminal', 'scrollbackLines'],
  theme: ['appearance', 'theme'],
};

/** The profiles that came with version 2, by their id. */
const VERSION_2_PRESETS: readonly string[] = ['sandbox', 'container'];

/**
 * Each takes a document of its version to the next one. Values are moved as they are, right or wrong:
 * they are checked once, after the last.
 */
const MIGRATIONS: Readonly<Record<number, (document: Document) => Document>> = {
  /** Version 0 had no `version` and no sections; a file that already has sections keeps them. */
  0: (document) => {
    let next: Document = {};
    const moved: [readonly string[], unknown][] = [];
    for (const [key, value] of Object.entries(document)) {
      const address = Object.hasOwn(VERSION_0_ADDRESSES, key) ? VERSION_0_ADDRESSES[key] : undefined;
      if (address === undefined) next = { ...next, [key]: value };
      else moved.push([address, value]);
    }
    for (const [address, value] of moved) next = placed(next, address, value);
    return next;
  },
  /**
   * Version 1 came with the local shell alone. A list of profiles that somebody wrote gets those that came with
   * version 2, once: whoever deletes one later does not get it again. Without a list, all that come are there anyway.
   */
  1: (document) => {
    const { profiles } = document;
    if (!Array.isArray(profiles)) return document;
    const known = new Set(profiles.map((profile) => (isRecord(profile) ? profile.id : undefined)));
    const added = PRESETS.filter(({ id }) => VERSION_2_PRESETS.includes(id) && !known.has(id));
    return { ...document, profiles: [...profiles, ...added.slice(0, Math.max(0, MAX_PROFILES - profiles.length))] };
  },
};

/** The document with `value` at that address, unless something is there already. */
function placed(document: Document, [key, ...rest]: readonly string[], value: unknown): Document {
  if (key === undefined) return document;
  const present = document[key];
  if (rest.length === 0) return present === undefined ? { ...document, [key]: value } : document;
  if (present !== undefined && !isRecord(present)) return document;
  return { ...document, [key]: placed(present ?? {}, rest, value) };
}

export type Migrated =
  | { outcome: 'current' | 'migrated'; document: Document; from: number }
  /** Written by a later Sandglass: nothing of it may be touched. */
  | { outcome: 'newer'; version: number }
  | { outcome: 'unknown_version' };

/** Brings a settings document of any earlier version to this one. */
export function migrate(document: Document): Migrated {
  const from = document.version ?? 0;
  if (typeof from !== 'number' || !Number.isSafeInteger(from) || from < 0) return { outcome: 'unknown_version' };
  if (from > SETTINGS_VERSION) return { outcome: 'newer', version: from };
  let migrated = document;
  for (let version = from; version < SETTINGS_VERSION; version += 1) {
    const step = MIGRATIONS[version];
    if (step === undefined) throw new Error(`No migration from settings version ${version}`);
    migrated = { ...step(migrated), version: version + 1 };
  }
  return { outcome: from === SETTINGS_VERSION ? 'current' : 'migrated', document: migrated, from };
}
