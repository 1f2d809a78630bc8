import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStorage } from '../../electron/core/open-storage.ts';
import { startCore } from '../../electron/core/start-core.ts';
import { Downloads } from '../../electron/hosts/web/downloads.ts';
import { startWebServer } from '../../electron/hosts/web/server.ts';
import { createWebHost } from '../../electron/hosts/web/web-host.ts';
import { nodeReaperCommand } from '../../electron/reaper/command.ts';
import { openSettingsFile } from '../../electron/storage/settings-file-conf.ts';
import { projectRoot } from '../../scripts/project.ts';
import { storedSettings } from '../core.ts';
import { shellCommand } from '../samples.ts';
import { answerBench } from './answering.ts';

// The product's web host as `npm run serve` runs it, but with the bench's shell. node product.ts FOLDER, by `fork`.
const [, , folder = ''] = process.argv;
const { file, args } = shellCommand(folder);
const config = join(folder, 'home', 'config');
mkdirSync(config, { recursive: true });
const settings = storedSettings({ shell: file, args, limits: { closeGraceSeconds: 0 } });
writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));

const storage = await openStorage('web', process.env, openSettingsFile);
const logger = storage.log.logger;
const downloads = new Downloads(logger);
const core = await startCore({
  storage,
  host: createWebHost(downloads),
  environment: process.env,
  appVersion: '0.0.0',
  reaper: nodeReaperCommand(),
});
const server = await startWebServer({
  port: 0,
  rendererFolder: join(projectRoot, '.vite', 'renderer', 'main_window'),
  connect: (transport) => core.connect(transport),
  metrics: () => core.metrics(),
  downloads,
  logger,
});
answerBench(
  () => server.link(),
  () => core.quit(),
);
