import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';
import { xtermContrast } from './scripts/xterm-contrast.ts';

/**
 * The renderer: `renderer/index.html` to `.vite/renderer/main_window`, for both hosts. Addresses are relative, so that
 * `app://` and `http://` serve the same files, and everything is a file of its own (no inline script, no `data:` font),
 * so that the content security policy needs no exception.
 */
export default defineConfig({
  root: join(import.meta.dirname, 'renderer'),
  base: './',
  plugins: [react(), xtermContrast(), thirdPartyNotices()],
  // Bundled ahead of time, it would not pass the plugin.
  optimizeDeps: { exclude: ['@xterm/xterm'] },
  build: {
    outDir: join(import.meta.dirname, '.vite', 'renderer', 'main_window'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 3000,
  },
});
