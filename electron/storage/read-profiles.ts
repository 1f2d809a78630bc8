import type * as z from 'zod';
import type { Limits } from '../../shared/limits.ts';
import {
  BACKENDS,
  DEFAULT_BUBBLEWRAP,
  DEFAULT_CONTAINER,
  LOCAL_PROFILE_ID,
  PRESETS,
  type Profile,
  profileSchema,
} from '../../shared/profile.ts';
import { MAX_PROFILES } from './profile-changes.ts';
import { isRecord, valueAt } from './setting-values.ts';

/** Something in the settings file that is not as it should be. It stays in the file until the user changes it. */
export interface Finding {
  readonly kind: 'invalid' | 'unknown';
  /** Where it is and what is wrong, as a sentence without its full stop. */
  readonly message: string;
}

export interface ReadProfiles {
  /** Always with the local profile. */
  readonly profiles: readonly Profile[];
  /** Where in the file's list each profile stands, by its id. Others in that list are not used. */
  readonly places: ReadonlyMap<string, number>;
}

/** What a credential has unless it says otherwise. */
const CREDENTIAL_DEFAULTS = { ttlSeconds: 0, required: false };

/** More passes than a profile can need: each one settles everything that the one before has found. */
const MAX_PASSES = 16;
/** As much of a wrong value as a message shows. */
const SHOWN_LENGTH = 60;

/**
 * Takes the profiles of a settings file. What is missing is filled with defaults, at any depth; a value that is not valid costs
 * that value alone. Only a profile that cannot be told apart or run (its `id` or `backend` is wrong) is left out.
 *
 * @param extensions of the settings, for a profile that gives only a part of its own
 */
export function readProfiles(
  stored: unknown,
  extensions: Limits['extensions'],
  find: (finding: Finding) => void,
): ReadProfiles {
  const places = new Map<string, number>();
  if (stored === undefined) return { profiles: PRESETS, places };
  if (!Array.isArray(stored)) {
    find({
      kind: 'invalid',
      message: `“profiles” is not a list (it is ${shown(stored)}); the default profiles are used`,
    });
    return { profiles: PRESETS, places };
  }
  const profiles: Profile[] = [];
  for (const [index, candidate] of stored.entries()) {
    const profile = readProfile(candidate, `profiles[${index}]`, extensions, find);
    if (profile === null) continue;
    const leftOut = places.has(profile.id)
      ? `has the id “${profile.id}” of another profile`
      : profiles.length === MAX_PROFILES
        ? `is one more than the ${MAX_PROFILES} that there can be`
        : null;
    if (leftOut !== null) {
      find({ kind: 'invalid', message: `Profile ${index + 1} ${leftOut}; it is left out` });
      continue;
    }
    profiles.push(profile);
    places.set(profile.id, index);
  }
  if (places.has(LOCAL_PROFILE_ID)) return { profiles, places };
  const local = PRESETS.filter((profile) => profile.id === LOCAL_PROFILE_ID);
  return { profiles: [...local, ...profiles.slice(0, MAX_PROFILES - local.length)], places };
}

function readProfile(
  candidate: unknown,
  address: string,
  extensions: Limits['extensions'],
  find: (finding: Finding) => void,
): Profile | null {
  if (!isRecord(candidate)) {
    find({ kind: 'invalid', message: `${address} is not a profile (it is ${shown(candidate)}); it is left out` });
    return null;
  }
  const defaults = defaultsOf(candidate, extensions);
  let value: unknown = withDefaults(candidate, defaults);
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const parsed = profileSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    const before = value;
    const settled = new Set<string>();
    // The last entries of a list first, so that the places of the others stay.
    for (const issue of flatten(parsed.error.issues).sort(byIndex)) {
      const repair = repairOf(issue, defaults);
      if (repair === null) {
        const name = typeof candidate.name === 'string' ? ` “${candidate.name.slice(0, 80)}”` : '';
        find({ kind: 'invalid', message: `${address}${name} is left out: ${describe(issue, before)}` });
        return null;
      }
      const key = JSON.stringify(repair.path);
      if (settled.has(key)) continue;
      settled.add(key);
      find(findingOf(repair, issue, before, address));
      value = settledAt(value, repair.path, repair.value);
    }
  }
  find({ kind: 'invalid', message: `${address} could not be understood; it is left out` });
  return null;
}

/** What a profile has where it says nothing. */
function defaultsOf(candidate: Readonly<Record<string, unknown>>, extensions: Limits['extensions']): unknown {
  const { id, backend, limits } = candidate;
  return {
    // Shown everywhere, so there has to be one.
    ...(typeof id === 'string' ? { name: id } : {}),
    ...(backend === 'bubblewrap' ? { bubblewrap: DEFAULT_BUBBLEWRAP } : {}),
    ...(backend === 'docker' ? { container: DEFAULT_CONTAINER } : {}),
    ...(isRecord(limits) && isRecord(limits.extensions) ? { limits: { extensions } } : {}),
  };
}

function withDefaults(candidate: Readonly<Record<string, unknown>>, defaults: unknown): unknown {
  const { credentials } = candidate;
  if (!Array.isArray(credentials)) return filled(defaults, candidate);
  const complete = credentials.map((each: unknown) => filled(CREDENTIAL_DEFAULTS, each));
  return filled(defaults, { ...candidate, credentials: complete });
}

/** The value, with what its objects lack taken from the defaults. Lists are values. */
function filled(defaults: unknown, value: unknown): unknown {
  if (value === undefined) return defaults;
  if (!isRecord(defaults) || !isRecord(value)) return value;
  const all: Record<string, unknown> = { ...defaults };
  for (const [key, own] of Object.entries(value))
    all[key] = filled(Object.hasOwn(defaults, key) ? defaults[key] : undefined, own);
  return all;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Each unknown key as an issue of its own, with its full path. */
function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue): Issue[] =>
    issue.code === 'unrecognized_keys' && issue.keys.length > 0
      ? issue.keys.map((key) => ({ ...issue, keys: [key], path: [...issue.path, key] }))
      : [issue],
  );
}

function byIndex(a: Issue, b: Issue): number {
  return indexIn(b.path) - indexIn(a.path);
}

function indexIn(path: Path): number {
  const index = path.find((key) => typeof key === 'number');
  return typeof index === 'number' ? index : -1;
}

interface Repair {
  /** What is taken out, or replaced by its default. */
  readonly path: Path;
  /** The default; undefined where there is none. */
  readonly value: unknown;
}

/** What to do about an issue; null where the profile cannot be used. */
function repairOf({ path, code }: Issue, defaults: unknown): Repair | null {
  const [first, index, field] = path;
  if (first === undefined || first === 'id' || first === 'backend') return null;
  if (code === 'unrecognized_keys') return { path, value: undefined };
  if (first === 'credentials' && typeof index === 'number') {
    const value = field === 'ttlSeconds' || field === 'required' ? CREDENTIAL_DEFAULTS[field] : undefined;
    return { path: value === undefined ? [first, index] : path.slice(0, 3), value };
  }
  if (first === 'environment' && typeof index === 'string') return { path: [first, index], value: undefined };
  // A list is one value.
  const end = path.findIndex((key) => typeof key === 'number');
  const whole = end < 0 ? path : path.slice(0, end);
  const value = valueAt(defaults, whole.map(String).join('.'));
  if (value === undefined && first === 'name') return null;
  return { path: whole, value };
}

function findingOf(repair: Repair, issue: Issue, value: unknown, address: string): Finding {
  const name = isRecord(value) && typeof value.name === 'string' ? ` (“${value.name.slice(0, 80)}”)` : '';
  const where = `${address}${pathText(repair.path)}${name}`;
  if (issue.code === 'unrecognized_keys') return { kind: 'unknown', message: `${where} is not known` };
  const instead = repair.value === undefined ? 'it is left out' : `${shown(repair.value)} is used`;
  return { kind: 'invalid', message: `${where}: ${describe(issue, value)}; ${instead}` };
}

/** What the schema says is wrong, and the value, unless it may be a secret. */
function describe(issue: Issue, value: unknown): string {
  const { path } = issue;
  const inside = path.length > 1 ? pathText(path).slice(1) : String(path[0] ?? '');
  const found = path.reduce<unknown>((inner, key) => at(inner, key), value);
  const isSecret = path[0] === 'environment' || path[0] === 'credentials';
  const actual = isSecret || found === undefined ? '' : ` (it is ${shown(found)})`;
  if (path[0] === 'backend') return `backend must be one of ${BACKENDS.join(', ')}${actual}`;
  const what = path[0] === 'id' || path[0] === 'name' ? `${inside}: ` : '';
  const wrong =
    issue.code === 'invalid_value' ? `must be one of ${issue.values.map(String).join(', ')}` : issue.message;
  return `${what}${wrong}${actual}`;
}

function at(value: unknown, key: PropertyKey): unknown {
  if (Array.isArray(value) && typeof key === 'number') return value[key];
  return isRecord(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined;
}

function pathText(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 80)}`)).join('');
}

/** A value for people, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** The value with its part at the path replaced, or taken out where there is no replacement. */
function settledAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value)) {
    const index = Number(key);
    const inner = settledAt(value[index], rest, replacement);
    return inner === undefined ? value.toSpliced(index, 1) : value.with(index, inner);
  }
  if (!isRecord(value)) return value;
  const { [String(key)]: inner, ...others } = value;
  const next = settledAt(inner, rest, replacement);
  return next === undefined ? others : { ...value, [String(key)]: next };
}
