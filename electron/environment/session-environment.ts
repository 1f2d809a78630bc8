import { machineLocales, withUtf8Locale } from './locale.ts';

/**
 * What sessions, hooks, commands of credentials and helpers of the container engine start from: the environment that the app
 * was called with, in UTF-8.
 *
 * @param called without what launchers, Electron or Sandglass added
 */
export async function sessionEnvironment(
  called: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(called).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return withUtf8Locale(Object.fromEntries(entries), await machineLocales());
}
