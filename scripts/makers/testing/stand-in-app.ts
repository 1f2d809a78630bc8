import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Packaged } from '../package-info.ts';

/** A folder as the packager leaves it, with small files in place of Electron's, and room for what makers make of it. */
export class StandInApp implements AsyncDisposable {
  readonly root: string;
  /** What Electron Forge passes to a maker. */
  readonly packaged: Packaged;

  private constructor(root: string) {
    this.root = root;
    this.packaged = {
      dir: join(root, 'Sandglass'),
      makeDir: join(root, 'make'),
      targetArch: 'x64',
      packageJSON: packageJson,
    };
  }

  /** The files are paths in the app's folder. */
  static async create(executables: readonly string[], others: readonly string[]): Promise<StandInApp> {
    const made = new StandInApp(await mkdtemp(join(tmpdir(), 'sandglass-makers-')));
    const { dir } = made.packaged;
    await mkdir(join(dir, 'resources'), { recursive: true });
    for (const name of [...executables, ...others]) {
      await writeFile(join(dir, name), `stand-in for ${name}\n`);
      // As a careless umask would have it.
      await chmod(join(dir, name), executables.includes(name) ? 0o700 : 0o660);
    }
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
