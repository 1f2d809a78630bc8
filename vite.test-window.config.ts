import { join } from 'node:path';
import { mergeConfig } from 'vite';
import renderer from './vite.renderer.config.ts';

/** The window with a made-up core (`renderer/testing/main.ts`), otherwise as it is shipped, to `.vite/test-window`. */
export default mergeConfig(renderer, {
  build: {
    outDir: join(import.meta.dirname, '.vite', 'test-window'),
    minify: false,
    rolldownOptions: { input: join(import.meta.dirname, 'renderer', 'testing', 'index.html') },
  },
});
