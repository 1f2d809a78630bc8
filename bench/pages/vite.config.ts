import { join } from 'node:path';
import { defineConfig } from 'vite';
import { projectRoot } from '../../scripts/project.ts';

/** The bare page, to `.vite/bench`. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  build: {
    outDir: join(projectRoot, '.vite', 'bench'),
    emptyOutDir: true,
    target: 'esnext',
    chunkSizeWarningLimit: 3000,
  },
});
