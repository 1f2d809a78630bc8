import { basename } from 'node:path';
import type { LoginShell } from '../../../shared/profile.ts';

/** The option that makes a shell a login shell, by the shell's name. Others are no shells, or have none. */
const OPTIONS: Readonly<Record<string, string>> = {
  // Long options of bash have to come first, so this one is long, too.
  bash: '--login',
  zsh: '-l',
  fish: '-l',
  sh: '-l',
  dash: '-l',
  ash: '-l',
  ksh: '-l',
  mksh: '-l',
  nu: '-l',
  xonsh: '-l',
  pwsh: '-Login',
};

const GIVEN = new Set(['-l', '--login', '-Login']);

/**
 * A shell's arguments, with the option for a login shell where one is wanted. `automatic`: on macOS, where terminals open login
 * shells, because the start-up files of others are not read before. On Windows there are none.
 */
export function loginArguments(
  shell: string,
  args: readonly string[],
  wanted: LoginShell,
  platform: NodeJS.Platform,
): readonly string[] {
  const isWanted = wanted === 'yes' || (wanted === 'automatic' && platform === 'darwin');
  if (!isWanted || platform === 'win32' || args.some((argument) => GIVEN.has(argument))) return args;
  const name = basename(shell);
  // These take it alone only.
  if (name === 'csh' || name === 'tcsh') return args.length === 0 ? ['-l'] : args;
  const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  return option === undefined ? args : [option, ...args];
}
