import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { defineConfig } from 'vite';

/** What the main process loads at run time instead of bundling: Electron, Node, and the one package with a native part. */
const external = [
  'electron',
  'electron/main',
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
  'node-pty',
];

/** The main process: `electron/main.ts` to `.vite/build/main.js`, with all it needs but `external`, and beside it its threads and the reaper. */
export default defineConfig({
  root: import.meta.dirname,
  define: {
    // Code that asks is production code; and bundled packages drop their development halves.
    'process.env.NODE_ENV': JSON.stringify('production'),
  },
  resolve: {
    conditions: ['node'],
    mainFields: ['module', 'main'],
  },
  build: {
    outDir: join(import.meta.dirname, '.vite', 'build'),
    emptyOutDir: false,
    copyPublicDir: false,
    target: 'node24',
    // Readable stack traces in bug reports; the size of the bundle does not matter on disk.
    minify: false,
    reportCompressedSize: false,
    lib: {
      entry: {
        main: join(import.meta.dirname, 'electron', 'main.ts'),
        'checkpoint-worker': join(import.meta.dirname, 'electron', 'terminal', 'checkpoint-worker.ts'),
        'encoder-worker': join(import.meta.dirname, 'electron', 'recording', 'encoder-worker.ts'),
        'journal-worker': join(import.meta.dirname, 'electron', 'journal', 'journal-worker.ts'),
        reaper: join(import.meta.dirname, 'electron', 'reaper', 'reaper.ts'),
      },
      formats: ['es'],
      fileName: (_format, name) => `${name}.js`,
    },
    rollupOptions: {
      platform: 'node',
      external,
      // The same names in every build: the folder is not emptied, since the preload is built into it, too.
      output: { chunkFileNames: 'chunk-[name].js' },
    },
  },
});
