import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findElectron } from './electron-binary.ts';
import { run } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';

// npm run smoke: starts a packaged app and drives its window. Without an argument it is the one that npm run package has
// made for this machine; an argument is the folder of another. --from-source takes the last build and Electron's package.

const [argument = join(projectRoot, 'out', `Sandglass-${process.platform}-${process.arch}`)] = process.argv.slice(2);
const args = argument === '--from-source' ? [projectRoot] : [];
const executable = argument === '--from-source' ? findElectron() : executableIn(resolve(argument));
if (executable === undefined || !existsSync(executable)) {
  throw new Error(
    argument === '--from-source'
      ? 'Electron is not installed. To download it: npx install-electron.'
      : `There is no app at ${executable}. To package one: npm run package.`,
  );
}
// The sandbox around a window needs an ordinary user.
if (process.platform === 'linux' && process.getuid?.() === 0) args.push('--no-sandbox');

const playwright = packageCommand('@playwright/test', 'playwright');
const config = join(projectRoot, 'e2e', 'smoke', 'playwright.config.ts');
const { status } = await run(process.execPath, [playwright, 'test', '--config', config], {
  cwd: projectRoot,
  env: { ...process.env, SANDGLASS_SMOKE_COMMAND: JSON.stringify({ executable, args }) },
});
process.exitCode = status;

/** What is started in the folder of a packaged app. */
function executableIn(folder: string): string {
  if (process.platform === 'darwin') return join(folder, 'Sandglass.app', 'Contents', 'MacOS', 'sandglass');
  return join(folder, process.platform === 'win32' ? 'sandglass.exe' : 'sandglass');
}
