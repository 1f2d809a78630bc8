import { join } from 'node:path';
import { run } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';

// npm run typecheck: each part of the project with what its own runtime knows. All are checked, also when one fails.
const configurations = ['shared', 'electron', 'electron/tsconfig.preload.json', 'renderer', '.'];

const tsc = packageCommand('typescript', 'tsc');
for (const configuration of configurations) {
  // What an earlier run has found is kept, and only what a change reaches is checked again.
  const known = join('node_modules', '.cache', 'types', `${configuration.replaceAll(/\W/g, '-')}.tsbuildinfo`);
  const args = [tsc, '--project', configuration, '--incremental', '--tsBuildInfoFile', known];
  const { status } = await run(process.execPath, args, { cwd: projectRoot });
  if (status !== 0) {
    console.error(`Types do not fit: ${configuration}`);
    process.exitCode = 1;
  }
}
