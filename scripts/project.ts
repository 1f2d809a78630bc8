import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** The folder of this project's package.json. */
export const projectRoot = dirname(import.meta.dirname);

const PackageJson = z.object({
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});

/**
 * The file of a package's command, to be run with `process.execPath`: unlike the shims in `node_modules/.bin` it needs
 * no shell on Windows.
 *
 * @throws when the package is not installed or has no such command.
 */
export function packageCommand(packageName: string, command: string): string {
  const file = join(projectRoot, 'node_modules', packageName, 'package.json');
  const { bin } = PackageJson.parse(JSON.parse(readFileSync(file, 'utf8')));
  const path = typeof bin === 'string' ? bin : bin?.[command];
  if (!path) throw new Error(`The package ${packageName} has no command ${command}. Run npm ci.`);
  return join(dirname(file), path);
}
