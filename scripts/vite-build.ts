import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { projectRoot } from './project.ts';

/** What Vite builds. */
export type Target = 'main' | 'preload' | 'renderer';

/** What each target is made from, files and folders. */
const sources: Record<Target, string[]> = {
  main: ['electron', 'shared', 'vite.main.config.ts', 'package-lock.json'],
  preload: ['electron', 'shared', 'vite.preload.config.ts', 'package-lock.json'],
  renderer: ['renderer', 'shared', 'vite.renderer.config.ts', 'package-lock.json'],
};

const outputs: Record<Target, string> = {
  main: join('.vite', 'build', 'main.js'),
  preload: join('.vite', 'build', 'preload.cjs'),
  renderer: join('.vite', 'renderer', 'main_window', 'index.html'),
};

/** Everything that the desktop app needs. */
export const allTargets: readonly Target[] = ['main', 'preload', 'renderer'];

/**
 * Builds targets into `.vite`.
 *
 * @throws Vite's error, which it has printed.
 */
export async function buildTargets(targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    // From before the build: what changes while it runs is not in it.
    const startedAt = new Date().toISOString();
    await build({ configFile: join(projectRoot, `vite.${target}.config.ts`), logLevel: 'warn' });
    await mkdir(join(projectRoot, '.vite'), { recursive: true });
    await writeFile(stampFile(target), `${startedAt}\n`);
    console.log(`Built ${outputs[target]}`);
  }
}

/** Builds those of the targets whose sources changed since they were built. */
export async function buildOutdated(targets: readonly Target[]): Promise<void> {
  const outdated: Target[] = [];
  for (const target of targets) {
    const paths = sources[target].map((path) => join(projectRoot, path));
    if (await isOutdated(join(projectRoot, outputs[target]), stampFile(target), paths)) outdated.push(target);
  }
  await buildTargets(outdated);
}

/** Runs a build as it is for users, whatever this process is run as: React's plugin goes by the variable. */
export async function inProduction<T>(run: () => Promise<T>): Promise<T> {
  const mode = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    return await run();
  } finally {
    if (mode === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = mode;
  }
}

/**
 * Whether an output is missing, or any of its sources (files, or folders with all that is in them) is newer than its stamp,
 * a file whose content is the time at which its build began.
 */
export async function isOutdated(output: string, stamp: string, paths: string[]): Promise<boolean> {
  const builtAt = await readStamp(stamp);
  if (builtAt === undefined || (await modifiedAt(output)) === undefined) return true;
  return (await newest(paths)) >= builtAt;
}

function stampFile(target: Target): string {
  return join(projectRoot, '.vite', `${target}.stamp`);
}

async function readStamp(file: string): Promise<number | undefined> {
  try {
    const time = Date.parse((await readFile(file, 'utf8')).trim());
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

/** The newest time of change; a folder's own time shows that a file in it was added, renamed or removed. */
async function newest(paths: string[]): Promise<number> {
  let time = 0;
  for (const path of paths) {
    time = Math.max(time, (await modifiedAt(path)) ?? 0);
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (/\.test\.tsx?$/.test(entry.name)) continue;
      time = Math.max(time, (await modifiedAt(join(entry.parentPath, entry.name))) ?? 0);
    }
  }
  return time;
}
