import { join } from 'node:path';
import { defineConfig } from 'vite';

/**
 * The preload script: `electron/preload.ts` to `.vite/build/preload.cjs`, one file and CommonJS, since a sandboxed
 * preload can load neither ES modules nor other files.
 */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: join(import.meta.dirname, '.vite', 'build'),
    emptyOutDir: false,
    copyPublicDir: false,
    minify: false,
    reportCompressedSize: false,
    modulePreload: false,
    rollupOptions: {
      input: join(import.meta.dirname, 'electron', 'preload.ts'),
      external: ['electron', 'electron/renderer'],
      output: { format: 'cjs', codeSplitting: false, entryFileNames: '[name].cjs' },
    },
  },
});
