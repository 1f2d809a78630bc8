import { existsSync } from 'node:fs';
import { allowedVariables, SESSION_MARK, terminalVariables } from '../../environment/inherited-environment.ts';
import { type Locales, withUtf8Locale } from '../../environment/locale.ts';
import type { SandboxUser } from './sandbox-user.ts';

/** Where programs are, on every distribution that a sandbox can show; the last is NixOS's. */
const FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const NIX_FOLDER = '/run/current-system/sw/bin';
export const sandboxPath = existsSync(NIX_FOLDER) ? `${FOLDERS}:${NIX_FOLDER}` : FOLDERS;

/** What the variables of a sandboxed shell are made of. */
export interface SandboxVariables {
  /** The app's own environment. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Names of it that the sandbox sees. */
  readonly allow: readonly string[];
  /** What the profile adds. */
  readonly added: Readonly<Record<string, string>>;
  readonly sessionId: string;
  readonly user: SandboxUser;
  readonly shell: string;
  /** Those of this machine: a sandbox shows its system folders. */
  readonly locales: Locales;
  readonly appVersion?: string | undefined;
}

/** All variables of a sandboxed shell: nothing else of the app's environment is seen inside. */
export function sandboxEnvironment(variables: SandboxVariables): Record<string, string> {
  const { inherited, allow, added, sessionId, user, shell, locales, appVersion } = variables;
  return {
    PATH: sandboxPath,
    ...withUtf8Locale(allowedVariables(inherited, allow), locales),
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: shell,
    ...terminalVariables(appVersion),
    ...added,
    [SESSION_MARK]: sessionId,
  };
}

/**
 * The environment of bwrap itself, outside. Nothing of the profile's: a library that it preloads would run with the user's
 * full rights. Nothing of the user's: the sandbox can read it in `/proc/1/environ`.
 */
export function keeperEnvironment(sessionId: string): Record<string, string> {
  return { PATH: sandboxPath, [SESSION_MARK]: sessionId };
}

/** What systemd-run needs to find the user's systemd; taken away again before bwrap is started. */
export const SYSTEMD_VARIABLES = ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];
