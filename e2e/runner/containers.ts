import { existsSync, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { containersOf, findTestEngine } from '../../electron/testing/container-engine.ts';

/** The container engine of this machine, and the image that tests run containers from. */
export const engine = await findTestEngine();

/** Why a test of containers is not run; an empty text where it is. */
export const NO_CONTAINERS = engine.ok ? '' : `needs ${engine.why}`;

/** Why a test of sandboxes is not run; an empty text where it is. */
export const NO_SANDBOXES = hasBubblewrap() ? '' : 'needs bubblewrap on Linux';

function hasBubblewrap(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return process.platform === 'linux' && folders.some((folder) => existsSync(join(folder, 'bwrap')));
}

/** The ids of all containers that the app of this home has made and not removed. */
export async function containersLeft({ folder }: { readonly folder: string }): Promise<string[]> {
  const file = join(folder, 'data', 'installation');
  return engine.ok && existsSync(file) ? containersOf(engine.docker, readFileSync(file, 'utf8').trim()) : [];
}

/** The folders of cgroups that were made for these sessions, in every hierarchy. */
export function cgroupsLeft(sessionIds: readonly string[]): string[] {
  const folders = process.platform === 'linux' ? globSync('/sys/fs/cgroup/**/sandglass-*') : [];
  return folders.filter((folder) => sessionIds.some((id) => folder.includes(id)));
}
