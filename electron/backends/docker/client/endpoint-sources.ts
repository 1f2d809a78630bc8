import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { EngineAddress } from '../../../processes/tracker.ts';

/** A place where a container engine listens, with its name as `DOCKER_HOST` would have it. */
export type Endpoint = EngineAddress & { readonly name: string };

/** Why there is no endpoint, and what to do. */
export interface EndpointProblem {
  readonly message: string;
  readonly hint: string;
}

export type EndpointsFound =
  /** In the order to try them; the first that answers is the engine. */
  | { readonly ok: true; readonly endpoints: readonly Endpoint[] }
  | { readonly ok: false; readonly problem: EndpointProblem };

/** What the search for an engine reads. */
export interface EndpointSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly files: {
    /** Whether there is anything at this path; follows links. */
    exists(path: string): boolean;
    /** The file's text; null when there is none or it may not be read. */
    read(path: string): string | null;
  };
}

/** Where the docker command keeps its configuration. */
export function configFolder({ env, home }: EndpointSources): string {
  const folder = env.DOCKER_CONFIG ?? '';
  return folder === '' ? `${home}/.docker` : folder;
}

/** This process's environment and this machine's files. */
export function systemSources(): EndpointSources {
  return {
    env: process.env,
    platform: process.platform,
    home: homedir(),
    files: {
      exists: existsSync,
      read(path) {
        try {
          return readFileSync(path, 'utf8');
        } catch {
          return null;
        }
      },
    },
  };
}
