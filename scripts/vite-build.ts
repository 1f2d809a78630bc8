import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { projectRoot } from './project.ts';

interface Build {
  /** Vite's configuration. */
  readonly config: string;
  readonly output: string;
  /** What it is made from, files and folders. */
  readonly sources: readonly string[];
}

/** What Vite builds. */
export type Target = 'main' | 'preload' | 'renderer' | 'test-window';

const builds: Readonly<Record<Target, Build>> = {
  main: {
    config: 'vite.main.config.ts',
    output: join('.vite', 'build', 'main.js'),
    sources: ['electron', 'shared', 'vite.main.config.ts', 'package-lock.json'],
  },
  preload: {
    config: 'vite.preload.config.ts',
    output: join('.vite', 'build', 'preload.cjs'),
    sources: ['electron', 'shared', 'vite.preload.config.ts', 'package-lock.json'],
  },
  renderer: {
    config: 'vite.renderer.config.ts',
    output: join('.vite', 'renderer', 'main_window', 'index.html'),
    sources: ['renderer', 'shared', 'vite.renderer.config.ts', 'package-lock.json'],
  },
  'test-window': {
    config: 'vite.test-window.config.ts',
    output: join('.vite', 'test-window', 'testing', 'index.html'),
    sources: ['renderer', 'shared', 'vite.renderer.config.ts', 'vite.test-window.config.ts', 'package-lock.json'],
  },
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
    const { config, output } = builds[target];
    await build({ configFile: join(projectRoot, config), logLevel: 'warn' });
    await mkdir(join(projectRoot, '.vite'), { recursive: true });
    await writeFile(stampFile(target), `${startedAt}\n`);
    console.log(`Built ${output}`);
  }
}

/** Builds those of the targets whose sources changed since they were built. */
export async function buildOutdated(targets: readonly Target[]): Promise<void> {
  const outdated: Target[] = [];
  for (const target of targets) {
    const { output, sources } = builds[target];
    const paths = sources.map((path) => join(projectRoot, path));
    if (await isOutdated(join(projectRoot, output), stampFile(target), paths)) outdated.push(target);
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
