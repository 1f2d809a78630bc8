import { createHash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowedVariables } from '../../../environment/inherited-environment.ts';
import type { ImageFacts } from '../image/image-facts.ts';

/** The user's name in containers whose image has none for it. */
const NAME = 'sandglass';
/** Variables that choose a locale (locale(7)); the value of `LANGUAGE` is a list of languages, which needs none. */
const LOCALE = /^(LANG|LC_[A-Z]+)$/;
const PORTABLE = ['C', 'POSIX', ''];

/** Who the programs of a container are, and how they write. */
export interface ContainerIdentity {
  /** `USER`, `LOGNAME`, `LANG` and `LC_*`; what the profile sets wins. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files of the app's that take the place of the image's; null where the image's own will do. */
  readonly passwd: string | null;
  readonly group: string | null;
}

/** What an identity is made for. */
export interface IdentityRequest {
  /** As the profile or the folder's owner has it: `UID:GID`, `UID`, a name, or nothing. */
  readonly user: string;
  readonly home: string;
  readonly shell: string | null;
  /** The app's own environment, and which of its variables the profile lets in. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly allow: readonly string[];
}

/** The locales that the host's variables name, which an image may have. */
export function hostLocales({ inherited, allow }: Pick<IdentityRequest, 'inherited' | 'allow'>): string[] {
  const values = Object.entries(allowedVariables(inherited, allow)).filter(([name]) => LOCALE.test(name));
  return values
    .map(([, value]) => value)
    .filter((value) => /^[A-Za-z0-9_.@-]{2,40}$/.test(value) && !PORTABLE.includes(value));
}

/**
 * Gives the user of a container a name, as the image has it or in files beside the image's, and a locale that the image has.
 *
 * @param write makes a file with this content that the engine can mount, and gives its path; null where it cannot.
 */
export function identityFor(
  request: IdentityRequest,
  facts: ImageFacts | null,
  write: ((kind: 'passwd' | 'group', content: string) => string) | null,
): ContainerIdentity {
  const locale = localeVariables(request, facts);
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(request.user) ?? [];
  if (uid === undefined) {
    const name = request.user.split(':')[0] || 'root';
    return { environment: { ...named(name), ...locale }, passwd: null, group: null };
  }
  const users = entriesOf(facts?.passwd ?? null);
  const known = users.find((entry) => entry[2] === uid)?.[0];
  if (known !== undefined || facts === null) {
    return { environment: { ...(known === undefined ? {} : named(known)), ...locale }, passwd: null, group: null };
  }
  const groups = entriesOf(facts.group);
  const name = freeName(users);
  const group = gid ?? '0';
  const hasGroup = groups.some((entry) => entry[2] === group);
  const shell = request.shell?.startsWith('/') === true && !/[:\n]/.test(request.shell) ? request.shell : '/bin/sh';
  const passwdLine = [name, 'x', uid, group, name, request.home, shell].join(':');
  return {
    environment: { ...named(name), ...locale },
    passwd: write?.('passwd', withLine(facts.passwd ?? 'root:x:0:0:root:/root:/bin/sh\n', passwdLine)) ?? null,
    group: hasGroup
      ? null
      : (write?.('group', withLine(facts.group ?? 'root:x:0:\n', [freeName(groups), 'x', group, ''].join(':'))) ??
        null),
  };
}

function named(name: string): Record<string, string> {
  return { USER: name, LOGNAME: name };
}

/** The lines of passwd(5) or group(5). */
function entriesOf(file: string | null): string[][] {
  return (file ?? '').split('\n').map((line) => line.split(':'));
}

function freeName(entries: readonly (readonly string[])[]): string {
  const isTaken = (name: string): boolean => entries.some((entry) => entry[0] === name);
  let name = NAME;
  for (let number = 2; isTaken(name); number += 1) name = `${NAME}${number}`;
  return name;
}

function withLine(file: string, line: string): string {
  return `${file === '' || file.endsWith('\n') ? file : `${file}\n`}${line}\n`;
}

/**
 * The host's choice of a locale as far as the image has it, and UTF-8 wherever the image can do that: without, shells edit lines
 * by bytes.
 */
function localeVariables(request: IdentityRequest, facts: ImageFacts | null): Record<string, string> {
  const host = Object.entries(allowedVariables(request.inherited, request.allow)).filter(([name]) => LOCALE.test(name));
  // It is unknown what the image has: its own choice, or none.
  if (facts === null) return Object.fromEntries(host.map(([name]) => [name, 'C.UTF-8']));
  const own = facts.environment.filter((entry) => LOCALE.test(entry.split('=')[0] ?? ''));
  const has = (value: string): boolean => facts.isMusl || PORTABLE.includes(value) || facts.locales.has(value);
  const kept = Object.fromEntries(host.filter(([, value]) => has(value)));
  const lang = kept.LANG ?? '';
  if (!PORTABLE.includes(lang)) return kept;
  if (own.length > 0)
    return Object.fromEntries(own.map((entry) => [entry.split('=')[0] ?? '', entry.slice(entry.indexOf('=') + 1)]));
  const fallback = ['C.UTF-8', 'en_US.UTF-8'].find(has) ?? 'C';
  return { ...kept, LANG: fallback };
}

/** Writes files that engines mount: in one folder, named after their content, so that containers share them. */
export function identityWriter(folder: string): (kind: 'passwd' | 'group', content: string) => string {
  return (kind, content) => {
    const path = join(folder, `${kind}-${createHash('sha256').update(content).digest('hex').slice(0, 32)}`);
    if (!existsSync(path)) {
      writeFileSync(`${path}.new`, content, { mode: 0o644 });
      renameSync(`${path}.new`, path);
    }
    return path;
  };
}
