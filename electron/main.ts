import { join } from 'node:path';
import { launchDesktop } from './desktop/launch.ts';

// Bundled into `.vite/build/main.js`, beside the preload and the built renderer.
launchDesktop({
  rendererFolder: join(import.meta.dirname, '..', 'renderer', 'main_window'),
  preload: join(import.meta.dirname, 'preload.cjs'),
});
