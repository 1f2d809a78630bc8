import { join } from 'node:path';
import { REAPER_ARGUMENT } from './backends/reaper/command.ts';
import { launchDesktop } from './desktop/launch.ts';
import { launchReaper } from './desktop/reaper-app.ts';

if (process.argv.includes(REAPER_ARGUMENT)) {
  launchReaper();
} else {
  // Bundled into `.vite/build/main.js`, beside the preload and the built renderer.
  launchDesktop({
    rendererFolder: join(import.meta.dirname, '..', 'renderer', 'main_window'),
    preload: join(import.meta.dirname, 'preload.cjs'),
  });
}
