import type { KnipConfig } from 'knip';

/**
 * What nothing uses: files, exports, packages. `knip --production` looks only at the patterns with an exclamation mark: all
 * but tests and what lies in their `testing/` folders. It finds what tests alone use.
 */
export default {
  entry: [
    'electron/{main,preload}.ts!',
    'electron/hosts/web/serve.ts!',
    'electron/journal/journal-worker.ts!',
    'electron/reaper/reaper.ts!',
    'electron/recording/encoder-worker.ts!',
    'electron/terminal/checkpoint-worker.ts!',
    'renderer/main.tsx!',
    '{forge,vite.main,vite.preload,vite.renderer}.config.ts!',
    'bench/hosts/{answering,bare,product,receiver}.ts!',
    'bench/pages/{main,vite.config}.ts!',
    'scripts/{build,fonts,icons,release-notes,schemas,screenshot,serve,smoke,start,test,test-quick,typecheck}.ts!',
    'vite.test-window.config.ts',
    'renderer/testing/main.ts',
    'e2e/smoke/playwright.config.ts',
    // Tests start these as programs and threads of their own.
    'electron/**/testing/*-{app,main,process,worker}.ts',
    'electron/**/testing/{hold-instance-lock,lock-journal,run-in-thread,run-inside}.ts',
  ],
  project: [
    '{bench,electron,renderer,scripts,shared}/**/*.{ts,tsx,css}!',
    '*.ts!',
    '{chaos,e2e}/**/*.ts',
    '!**/*.test.{ts,tsx}!',
    '!**/testing/**!',
    '!{knip,vite.test-window,vitest}.config.ts!',
  ],
  // Their entries would not count as the app's.
  vite: false,
  'electron-forge': false,
  compilers: {
    css: (text) =>
      [...text.matchAll(/@import\s+"([^"]+)"|\burl\("([^"]+)"\)/g)]
        .map(([, file, asset]) => `import '${file ?? asset}';`)
        .join('\n'),
  },
  // Tests start what the system has.
  exclude: ['binaries'],
} satisfies KnipConfig;
