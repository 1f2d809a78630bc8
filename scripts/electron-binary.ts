import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Ending, run } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';

/** As long as a slow line may take to bring about 120 MB. */
const downloadLimitSeconds = 300;

/**
 * The path of Electron's binary as its npm package names it; undefined when it is not there.
 *
 * The package would download a missing one while it is imported, without a limit. So it is asked in a process that may read
 * files and nothing else, in which the download fails at once.
 */
export function findElectron(): string | undefined {
  const code = "process.stdout.write(require('electron'))";
  const asked = spawnSync(process.execPath, ['--permission', '--allow-fs-read=*', '-e', code], {
    cwd: projectRoot,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return asked.status === 0 && existsSync(asked.stdout) ? asked.stdout : undefined;
}

/** Downloads Electron's binary by its package's own command, which shows its progress. */
export function installElectron(): Promise<Ending> {
  return run(process.execPath, [packageCommand('electron', 'install-electron')], {
    cwd: projectRoot,
    limitSeconds: downloadLimitSeconds,
  });
}
