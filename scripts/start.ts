import { findElectron, installElectron } from './electron-binary.ts';
import { desktopEnvironment, launchEnvironment } from './launch-environment.ts';
import { interruptedStatus, run } from './processes.ts';
import { projectRoot } from './project.ts';
import { allTargets, buildOutdated } from './vite-build.ts';
import { serveWeb } from './web-host.ts';
import { hasDisplay, thisMachine, whyNoWindow } from './window.ts';

// npm start: the desktop app; where it cannot run, one paragraph that says why, and the app in a browser.

/** An Electron that fails this soon did not start at all. */
const failedStartSeconds = 5;

const machine = thisMachine();
/** What the app gets, and its shells: nothing of npm's, nor of the build's. */
const called = launchEnvironment();
process.env.NODE_ENV ??= 'production';
process.exitCode = await start();

/** Gives the status to end with. */
async function start(): Promise<number> {
  const obstacle = whyNoWindow(machine);
  if (obstacle) return serveInstead(obstacle);

  let electron = findElectron();
  if (!electron) {
    console.log('Electron is not here yet. Downloading it once, about 120 MB (Ctrl+C stops):');
    const install = await installElectron();
    if (install.status === interruptedStatus) return interruptedStatus;
    electron = findElectron();
    if (!electron) {
      const why = install.timedOut ? `was not done after ${Math.round(install.seconds / 60)} minutes` : 'failed';
      return serveInstead(`The download of Electron ${why}. To try again: npx install-electron.`);
    }
  }

  await buildOutdated(allTargets);
  const { status, cause, seconds } = await run(electron, [projectRoot, ...machine.args], {
    env: desktopEnvironment(called),
  });
  const failedToStart = status !== 0 && status !== interruptedStatus && seconds < failedStartSeconds;
  if (!failedToStart) return status;
  return serveInstead(`Electron ended at once (${cause ?? `exit status ${status}`}); what it said is above.`);
}

/** One paragraph, then the web host. */
function serveInstead(reason: string): Promise<number> {
  console.log(`\n${reason} Sandglass runs in a browser instead, with the same tabs and the same limits.\n`);
  // A browser, too, needs a display, and most refuse to start as root.
  const canOpen = hasDisplay(machine) && !(machine.platform === 'linux' && machine.uid === 0);
  return serveWeb(canOpen ? ['--open'] : [], called);
}
