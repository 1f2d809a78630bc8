import { join } from 'node:path';
import { launchDesktop } from './hosts/desktop/launch.ts';
import { launchReaper } from './hosts/desktop/reaper-app.ts';
import { REAPER_ARGUMENT } from './reaper/command.ts';

if (process.argv.includes(REAPER_ARGUMENT)) {
  launchReaper();
} else {
  // Bundled into `.vite/build/main.js`, beside the preload and the built renderer.
  launchDesktop({
    rendererFolder: join(import.meta.dirname, '..', 'renderer', 'main_window'),
    preload: join(import.meta.dirname, 'preload.cjs'),
  });
}
