import { execFile } from 'node:child_process';

/** The locales of a machine. */
export interface Locales {
  /** Whether a locale of this name can be used. */
  isInstalled(name: string): boolean;
  /** The UTF-8 locale for those who chose none; null where none is installed. */
  readonly utf8: string | null;
}

/** How long `locale -a` and `defaults` may take, in milliseconds. */
const TIMEOUT_MS = 2_000;

/**
 * The environment with an encoding of UTF-8, the only one that the terminal draws:
 *
 * - `LC_ALL` overrides everything, so whoever sets it means it: an installed one is kept, also `C`.
 * - A locale that is UTF-8 and installed is kept as it is.
 * - Any other keeps its language, sorting and formats; only its encoding (`LC_CTYPE`) is set.
 * - Where there is none, `LANG` is set.
 *
 * A locale that is not installed is never set: programs would fall back to ASCII.
 */
export function withUtf8Locale(
  environment: Readonly<Record<string, string>>,
  { isInstalled, utf8 }: Locales,
): Record<string, string> {
  if (utf8 === null) return { ...environment };
  const all = environment.LC_ALL || undefined;
  if (all !== undefined) return isInstalled(all) ? { ...environment } : { ...environment, LC_ALL: utf8 };
  const encoding = environment.LC_CTYPE || environment.LANG || undefined;
  if (encoding === undefined) return { ...environment, LANG: utf8 };
  return isUtf8(encoding) && isInstalled(encoding) ? { ...environment } : { ...environment, LC_CTYPE: utf8 };
}

/** Whether a locale's name says that its encoding is UTF-8, as `de_DE.UTF-8` does, and macOS's `UTF-8`. */
function isUtf8(name: string): boolean {
  const [base = ''] = name.split('@');
  return normalizedCodeset(base.includes('.') ? base.slice(base.indexOf('.') + 1) : base) === 'utf8';
}

function normalizedCodeset(codeset: string): string {
  return codeset.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** A name as it is compared: `de_DE.UTF-8` and `de_DE.utf8` are the same locale. */
function normalized(name: string): string {
  const [, base = '', codeset = '', modifier = ''] = /^([^.@]*)(?:\.([^@]*))?(@.*)?$/.exec(name) ?? [];
  return `${base}.${normalizedCodeset(codeset)}${modifier}`;
}

/**
 * The locales among these names.
 *
 * @param names those that `locale -a` lists; null where it cannot be asked, as with musl, which takes any name and always has UTF-8.
 * @param preferred the user's language and country where the system knows them, as `de_DE`.
 */
export function localesOf(
  names: readonly string[] | null,
  platform: NodeJS.Platform,
  preferred: string | null = null,
): Locales {
  if (names === null) return { isInstalled: () => true, utf8: platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8' };
  const known = new Set(names.map(normalized));
  const isInstalled = (name: string): boolean =>
    name === 'C' || name === 'POSIX' || (platform === 'darwin' && name === 'UTF-8') || known.has(normalized(name));
  const usual = platform === 'darwin' ? ['en_US.UTF-8', 'C.UTF-8'] : ['C.UTF-8', 'en_US.UTF-8'];
  const wanted = preferred === null ? usual : [`${preferred}.UTF-8`, ...usual];
  return { isInstalled, utf8: wanted.find(isInstalled) ?? names.find(isUtf8) ?? null };
}

let found: Promise<Locales> | null = null;

/** The locales of this machine, probed once. Never rejects. */
export function machineLocales(): Promise<Locales> {
  found ??= probe();
  return found;
}

async function probe(): Promise<Locales> {
  const { platform } = process;
  if (platform === 'win32') return { isInstalled: () => true, utf8: null };
  const [names, preferred] = await Promise.all([
    output('locale', ['-a']),
    platform === 'darwin' ? output('/usr/bin/defaults', ['read', '-g', 'AppleLocale']) : null,
  ]);
  // As `de_DE`, or `de_DE@currency=EUR`.
  const language = /^[a-z]{2,3}_[A-Z]{2}/.exec(preferred?.trim() ?? '')?.[0] ?? null;
  return localesOf(names === null ? null : names.split('\n').filter((name) => name !== ''), platform, language);
}

function output(command: string, args: readonly string[]): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  // It lists locales the same way in every locale, and is found where the system keeps it.
  const env = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin' };
  // Names of locales may be in any encoding; those that matter are ASCII.
  execFile(command, args, { env, encoding: 'latin1', timeout: TIMEOUT_MS, maxBuffer: 4_194_304 }, (error, stdout) =>
    resolve(error === null && stdout !== '' ? stdout : null),
  );
  return promise;
}
