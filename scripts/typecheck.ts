import { run } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';

// npm run typecheck: each part of the project with what its own runtime knows. All are checked, also when one fails.
const configurations = ['shared', 'electron', 'electron/tsconfig.preload.json', 'renderer', '.'];

const tsc = packageCommand('typescript', 'tsc');
for (const configuration of configurations) {
  const { status } = await run(process.execPath, [tsc, '--project', configuration], { cwd: projectRoot });
  if (status !== 0) {
    console.error(`Types do not fit: ${configuration}`);
    process.exitCode = 1;
  }
}
