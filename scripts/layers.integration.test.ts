import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { projectRoot } from './project.ts';

const BiomeConfig = z.looseObject({});
const BiomeReport = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string() }) })),
});

/** What each layer may and may not import: the file, then the module it names. */
const refused = [
  ['shared/from-package.ts', 'ulid'],
  ['shared/from-core.ts', '../electron/sessions/session.ts'],
  ['shared/from-renderer.ts', '../renderer/keys.ts'],
  ['shared/from-electron.ts', 'electron'],
  ['shared/nested/from-node.ts', 'node:fs'],
  ['renderer/from-core.ts', '../electron/sessions/session.ts'],
  ['renderer/nested/deep/from-core.tsx', '../../../electron/main.ts'],
  ['renderer/from-electron.ts', 'electron'],
  ['renderer/from-electron-renderer.ts', 'electron/renderer'],
  ['renderer/from-node.ts', 'node:path'],
  ['renderer/from-core.test.ts', '../electron/main.ts'],
  ['renderer/tabs/from-app.ts', '../app/commands.ts'],
  ['renderer/components/from-feature.tsx', '../tabs/actions.ts'],
  ['renderer/components/from-store.ts', '../store/store.ts'],
  ['renderer/components/from-electron.ts', 'electron'],
  ['renderer/tabs/from-electron.ts', '../../electron/main.ts'],
  ['electron/sessions/from-electron.ts', 'electron'],
  ['electron/backends/from-desktop.ts', '../desktop/window.ts'],
  ['electron/recording/from-web.ts', '../web/serve.ts'],
  ['electron/storage/from-electron-store.ts', 'electron-store'],
  ['electron/metrics/from-renderer.ts', '../../renderer/keys.ts'],
  ['electron/hosts/web/from-electron.ts', 'electron/main'],
  ['electron/hosts/web/from-desktop.ts', '../desktop/window.ts'],
  ['electron/hosts/desktop/from-web.ts', '../web/serve.ts'],
  ['electron/credentials/from-renderer.ts', '../../renderer/keys.ts'],
  ['scripts/from-electron.ts', 'electron'],
] as const;

const allowed = [
  ['shared/from-zod.ts', 'zod'],
  ['shared/nested/from-shared.ts', '../session.ts'],
  ['renderer/from-shared.ts', '../shared/contract.ts'],
  ['renderer/from-package.tsx', 'react'],
  ['renderer/app/from-feature.ts', '../tabs/actions.ts'],
  ['renderer/main.tsx', './app/start.tsx'],
  ['renderer/tabs/from-feature.tsx', '../session/messages.ts'],
  ['renderer/components/from-component.tsx', './button.tsx'],
  ['renderer/components/from-keys.ts', '../keys/keys.ts'],
  ['renderer/components/from-shared.ts', '../../shared/profile.ts'],
  ['renderer/components/from-package.tsx', 'react'],
  ['renderer/from-node.test.ts', 'node:path'],
  ['electron/sessions/from-shared.ts', '../../shared/session.ts'],
  ['electron/sessions/from-backend.ts', '../backends/pty.ts'],
  ['electron/hosts/web/from-core.ts', '../../sessions/manager.ts'],
  ['electron/hosts/desktop/from-electron.ts', 'electron'],
  ['electron/hosts/desktop/from-electron-store.ts', 'electron-store'],
  ['electron/main.ts', 'electron'],
  ['electron/preload.ts', 'electron'],
] as const;

let folder: string;
let refusedFiles: Set<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-layers-'));
  // The project's own rules, without git: the folder is no repository.
  const config = BiomeConfig.parse(JSON.parse(readFileSync(join(projectRoot, 'biome.json'), 'utf8')));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }));
  for (const [file, specifier] of [...refused, ...allowed]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `import '${specifier}';\n`);
  }
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const run = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const layerRules = new Set(['lint/style/noRestrictedImports', 'lint/correctness/noNodejsModules']);
  refusedFiles = new Set(
    BiomeReport.parse(JSON.parse(run.stdout))
      .diagnostics.filter((diagnostic) => layerRules.has(diagnostic.category))
      .map((diagnostic) => diagnostic.location.path.replaceAll('\\', '/')),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(refused)('%s may not import %s', (file) => {
  expect(refusedFiles).toContain(file);
});

test.each(allowed)('%s may import %s', (file) => {
  expect(refusedFiles).not.toContain(file);
});
