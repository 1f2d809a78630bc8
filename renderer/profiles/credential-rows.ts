import { formatDuration, parseDuration } from '../../shared/duration.ts';
import type { Credential, CredentialSource } from '../../shared/profile.ts';
import { argumentsText, readArguments } from './text.ts';

/** Where a credential's value can come from. */
export const SOURCE_KINDS = ['command', 'file', 'stored'] as const satisfies readonly CredentialSource['kind'][];
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** The longest time that a value can be good for, in seconds. */
const LONGEST_TTL_SECONDS = 2_592_000;

/** One credential in the form: what was typed for each kind of source, whichever is chosen. It has no value in it, ever. */
export interface CredentialRow {
  /** Identifies a row while it is edited. */
  readonly key: number;
  readonly env: string;
  readonly kind: SourceKind;
  readonly command: string;
  /** One per line; a list, kept as it is, if one is empty or contains a line break. */
  readonly args: string | readonly string[];
  readonly file: string;
  /** The name of a stored secret. */
  readonly name: string;
  /** Empty: the value does not expire. */
  readonly ttlSeconds: string;
  readonly required: boolean;
}

/** A row that nothing was typed in. */
export function emptyRow(key: number): CredentialRow {
  return { key, env: '', kind: 'command', command: '', args: '', file: '', name: '', ttlSeconds: '', required: false };
}

/** The rows of a profile's credentials. */
export function credentialRows(credentials: readonly Credential[]): CredentialRow[] {
  return credentials.map(rowOf);
}

function rowOf({ env, source, ttlSeconds, required }: Credential, key: number): CredentialRow {
  const ttl = ttlSeconds === 0 ? '' : formatDuration(ttlSeconds);
  const row = { ...emptyRow(key), env, kind: source.kind, ttlSeconds: ttl, required };
  switch (source.kind) {
    case 'command':
      return { ...row, command: source.command, args: argumentsText(source.args) ?? source.args };
    case 'file':
      return { ...row, file: source.file };
    case 'stored':
      return { ...row, name: source.name };
  }
}

/** Whether nothing was typed in a row: then it is none. */
export function isBlank({ env, command, args, file, name, ttlSeconds }: CredentialRow): boolean {
  return [env, command, args, file, name, ttlSeconds].every((text) => typeof text === 'string' && text.trim() === '');
}

/** How many sessions of a form get: rows that name a variable. */
export function credentialCount(rows: readonly CredentialRow[]): number {
  return rows.filter(({ env }) => env.trim() !== '').length;
}

/** The credential that a row describes, to be checked by the schema; a time that cannot be read is reported to `refuse`. */
export function credentialOf(row: CredentialRow, refuse: (message: string) => void): Credential {
  return {
    env: row.env.trim(),
    source: sourceOf(row),
    ttlSeconds: readTtl(row.ttlSeconds, refuse),
    required: row.required,
  };
}

function sourceOf({ kind, command, args, file, name }: CredentialRow): CredentialSource {
  switch (kind) {
    case 'command': {
      const list = typeof args === 'string' ? readArguments(args) : [...args];
      return { kind, command: command.trim(), args: list };
    }
    case 'file':
      return { kind, file: file.trim() };
    case 'stored':
      return { kind, name: name.trim() };
  }
}

function readTtl(text: string, refuse: (message: string) => void): number {
  if (text.trim() === '') return 0;
  const read = parseDuration(text);
  if (!read.ok) {
    refuse(read.message);
    return 0;
  }
  if (read.seconds <= LONGEST_TTL_SECONDS) return read.seconds;
  refuse(`Must be at most ${formatDuration(LONGEST_TTL_SECONDS)}, or empty for a value that does not expire.`);
  return 0;
}
