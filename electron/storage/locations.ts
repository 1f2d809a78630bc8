import { accessSync, constants, mkdirSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import envPaths from 'env-paths';
import { messageOf } from '../../shared/error-message.ts';

/** Where everything lives. All are absolute paths. */
export interface Locations {
  readonly config: string;
  readonly data: string;
  readonly logs: string;
  /** Recordings and their metadata. */
  readonly sessions: string;
  readonly hooks: string;
  readonly settingsFile: string;
  /** The administrator's policy, in a place that only they can write to. */
  readonly policyFile: string;
}

/** What decides where things live; tests pass their own. */
export interface LocationSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The platform's folders for this app, as `env-paths` gives them. */
  readonly platformFolders?: { readonly config: string; readonly data: string; readonly log: string };
}

/** A folder Sandglass cannot do without is not to be had; the message is for the person who started it. */
export class LocationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LocationError';
  }
}

/**
 * Finds every location: the platform's own folders, or those below `SANDGLASS_HOME` where that is set. Touches nothing.
 * Throws `LocationError` when `SANDGLASS_HOME` is not an absolute path.
 */
export function findLocations(sources: LocationSources): Locations {
  const { join, isAbsolute } = sources.platform === 'win32' ? win32 : posix;
  const home = sources.env.SANDGLASS_HOME ?? '';
  if (home !== '' && !isAbsolute(home)) {
    throw new LocationError(
      `SANDGLASS_HOME is “${home}”, which is not an absolute path. Give the whole path, or unset it to use the usual folders.`,
    );
  }
  const { config, data, log } =
    home === ''
      ? (sources.platformFolders ?? envPaths('Sandglass', { suffix: '' }))
      : { config: join(home, 'config'), data: join(home, 'data'), log: join(home, 'logs') };
  return {
    config,
    data,
    logs: log,
    sessions: join(data, 'sessions'),
    hooks: join(config, 'hooks'),
    settingsFile: join(config, 'settings.json'),
    policyFile: systemPolicyFile(sources),
  };
}

function systemPolicyFile({ env, platform }: LocationSources): string {
  switch (platform) {
    case 'win32':
      return win32.join(env.ProgramData ?? 'C:\\ProgramData', 'Sandglass', 'policy.json');
    case 'darwin':
      return '/Library/Application Support/Sandglass/policy.json';
    default:
      return '/etc/sandglass/policy.json';
  }
}

/**
 * Makes the folders for configuration, data and recordings, open to the user alone (0700). Those already there keep
 * their mode. The folder for logs is made by the log itself, which can do without.
 * Throws `LocationError` for the first that cannot be made or written to.
 */
export function makeFolders(locations: Locations): void {
  for (const folder of [locations.config, locations.hooks, locations.data, locations.sessions]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.R_OK | constants.W_OK);
    } catch (cause) {
      throw new LocationError(
        `Sandglass cannot use the folder ${folder} (${messageOf(cause)}). ` +
          'Make it writable for you, or set SANDGLASS_HOME to a folder that is.',
        { cause },
      );
    }
  }
}
