import { isDeepStrictEqual } from 'node:util';
import type { Profile } from '../../shared/profile.ts';
import { DEFAULT_SETTINGS, SETTING_PATHS, SETTINGS_VERSION } from '../../shared/settings.ts';
import { isRecord, nestValues, valueAt } from './setting-values.ts';
import type { SettingsEdit } from './settings-store.ts';
import type { LoadedSettings, UserSettings } from './stored-settings.ts';

type Path = readonly (string | number)[];

/**
 * What changes in the settings file when the user changes settings: the values that differ, and nothing else. What the file has
 * besides, right or wrong, stays.
 *
 * @param loaded what the file was read as
 */
export function settingsEdits(
  loaded: Pick<LoadedSettings, 'user' | 'stored' | 'migrated' | 'places'>,
  next: UserSettings,
): SettingsEdit[] {
  if (next.values === loaded.user.values && next.profiles === loaded.user.profiles) return [];
  const document: Document = { content: loaded.stored, edits: [] };
  changeValue(document, [], loaded.stored, loaded.migrated);
  if (loaded.migrated.version !== SETTINGS_VERSION) put(document, ['version'], SETTINGS_VERSION);
  for (const path of SETTING_PATHS) {
    const value = next.values[path];
    if (isDeepStrictEqual(value, loaded.user.values[path])) continue;
    const keys = path.split('.');
    if (value === undefined) removeSetting(document, keys);
    else putNested(document, keys, nestValues({ [path]: value }));
  }
  changeProfiles(document, loaded, next.profiles);
  return document.edits;
}

/** A file's content as it is after the edits so far. */
interface Document {
  content: unknown;
  readonly edits: SettingsEdit[];
}

function put(document: Document, path: Path, value: unknown): void {
  document.edits.push({ path: [...path], value });
  document.content = changedAt(document.content, path, value);
}

function remove(document: Document, path: Path): void {
  document.edits.push({ path: [...path] });
  document.content = changedAt(document.content, path, undefined);
}

/** Puts what `whole` has at the path; where the file has something else than a section on the way, in that thing's place. */
function putNested(document: Document, path: Path, whole: unknown): void {
  for (let length = 1; length < path.length; length += 1) {
    const inner = partAt(document.content, path.slice(0, length));
    if (inner === undefined) break;
    if (isRecord(inner) || Array.isArray(inner)) continue;
    put(document, path.slice(0, length), partAt(whole, path.slice(0, length)));
    return;
  }
  put(document, path, partAt(whole, path));
}

/** Takes a setting out, and the sections that are empty then. */
function removeSetting(document: Document, keys: readonly string[]): void {
  if (valueAt(document.content, keys.join('.')) === undefined) return;
  let path = [...keys];
  while (path.length > 1) {
    const section = partAt(document.content, path.slice(0, -1));
    if (!isRecord(section) || Object.keys(section).length > 1) break;
    path = path.slice(0, -1);
  }
  remove(document, path);
}

/** Edits that make of one value the other: entry by entry in objects, and in lists as far as they begin alike. */
function changeValue(document: Document, path: Path, from: unknown, to: unknown): void {
  if (isDeepStrictEqual(from, to)) return;
  if (isRecord(from) && isRecord(to)) {
    for (const key of Object.keys(from)) if (to[key] === undefined) remove(document, [...path, key]);
    for (const [key, value] of Object.entries(to)) {
      const known = Object.hasOwn(from, key) ? from[key] : undefined;
      if (known === undefined) put(document, [...path, key], value);
      else changeValue(document, [...path, key], known, value);
    }
    return;
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length < to.length) {
    if (isDeepStrictEqual(from, to.slice(0, from.length))) {
      for (const [index, value] of to.entries()) if (index >= from.length) put(document, [...path, index], value);
      return;
    }
  }
  if (path.length > 0) put(document, path, to);
}

function changeProfiles(
  document: Document,
  { user, places }: Pick<LoadedSettings, 'user' | 'places'>,
  next: readonly Profile[],
): void {
  if (isDeepStrictEqual(next, user.profiles)) return;
  const listed = partAt(document.content, ['profiles']);
  const isDefault = isDeepStrictEqual(next, DEFAULT_SETTINGS.profiles);
  if (!Array.isArray(listed)) {
    if (!isDefault) put(document, ['profiles'], next);
    else if (listed !== undefined) remove(document, ['profiles']);
    return;
  }
  // Entries that were left out stay in the file.
  if (isDefault && listed.length === places.size) {
    remove(document, ['profiles']);
    return;
  }
  const before = new Map(user.profiles.map((profile) => [profile.id, profile]));
  const kept = next.flatMap(({ id }) => places.get(id) ?? []);
  const isInOrder = kept.every((place, index) => index === 0 || place > (kept[index - 1] ?? -1));
  for (const profile of next) {
    const place = places.get(profile.id);
    if (place !== undefined) changeProfile(document, ['profiles', place], before.get(profile.id), profile);
  }
  if (!isInOrder) {
    reorder(document, places, next);
    return;
  }
  const gone = [...places].filter(([id]) => !next.some((profile) => profile.id === id));
  for (const [, place] of gone.sort(([, a], [, b]) => b - a)) remove(document, ['profiles', place]);
  let at = 0;
  for (const profile of next) {
    const place = places.get(profile.id);
    if (place === undefined) {
      insert(document, at, profile);
      at += 1;
    } else {
      const current = partAt(document.content, ['profiles']);
      const found = Array.isArray(current) ? current.findIndex((each) => isRecord(each) && each.id === profile.id) : -1;
      at = found + 1;
    }
  }
}

function insert(document: Document, index: number, profile: Profile): void {
  const list = partAt(document.content, ['profiles']);
  const items: unknown[] = Array.isArray(list) ? list : [];
  document.edits.push({ path: ['profiles', index], value: profile, isInsertion: true });
  document.content = changedAt(document.content, ['profiles'], items.toSpliced(index, 0, profile));
}

/** A profile's fields that differ. */
function changeProfile(document: Document, path: Path, before: unknown, next: unknown): void {
  const whole = changedAt(document.content, path, next);
  const compare = (inner: Path, from: unknown, to: unknown): void => {
    if (isDeepStrictEqual(from, to)) return;
    if (!isRecord(from) || !isRecord(to)) {
      putNested(document, inner, whole);
      return;
    }
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if (to[key] !== undefined) compare([...inner, key], from[key], to[key]);
      else if (partAt(document.content, [...inner, key]) !== undefined) remove(document, [...inner, key]);
    }
  };
  compare(path, before, next);
}

/** The whole list in its new order; entries that were left out follow the one that they followed. */
function reorder(document: Document, places: ReadonlyMap<string, number>, next: readonly Profile[]): void {
  const list = partAt(document.content, ['profiles']);
  if (!Array.isArray(list)) {
    put(document, ['profiles'], next);
    return;
  }
  const used = new Set(places.values());
  const followers = (place: number): unknown[] => {
    const end = list.findIndex((_, index) => index > place && used.has(index));
    return list.slice(place + 1, end < 0 ? list.length : end);
  };
  const items: unknown[] = followers(-1);
  for (const profile of next) {
    const place = places.get(profile.id);
    if (place === undefined) items.push(profile);
    else items.push(list[place], ...followers(place));
  }
  for (const [id, place] of places) if (!next.some((profile) => profile.id === id)) items.push(...followers(place));
  put(document, ['profiles'], items);
}

function partAt(value: unknown, path: Path): unknown {
  let part = value;
  for (const key of path) {
    if (Array.isArray(part) && typeof key === 'number') part = part[key];
    else if (isRecord(part) && Object.hasOwn(part, key)) part = part[key];
    else return undefined;
  }
  return part;
}

/** The value with another one at the path, or without that entry where there is none. */
function changedAt(value: unknown, [key, ...rest]: Path, next: unknown): unknown {
  if (key === undefined) return next;
  if (Array.isArray(value) && typeof key === 'number') {
    if (rest.length === 0 && next === undefined) return value.toSpliced(key, 1);
    return key < value.length ? value.with(key, changedAt(value[key], rest, next)) : [...value, next];
  }
  const record: Record<string, unknown> = isRecord(value) ? value : {};
  const { [key]: inner, ...others } = record;
  const changed = changedAt(inner, rest, next);
  return changed === undefined ? others : { ...record, [key]: changed };
}
