import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeReaperCommand } from '../../electron/backends/reaper/command.ts';
import { createEngine } from '../../electron/engine/create-engine.ts';
import { createMachine } from '../../electron/engine/machine.ts';
import { openStorage } from '../../electron/engine/open-storage.ts';
import { openSettingsFile } from '../../electron/storage/settings-file-conf.ts';
import { Downloads } from '../../electron/web/downloads.ts';
import { startWebServer } from '../../electron/web/server.ts';
import { createWebHost } from '../../electron/web/web-host.ts';
import { projectRoot } from '../../scripts/project.ts';
import { storedSettings } from '../engine.ts';
import { shellCommand } from '../samples.ts';
import { answerBench } from './answering.ts';

// The product's web host as `npm run serve` runs it, but with the bench's shell. node product.ts FOLDER, by `fork`.
const [, , folder = ''] = process.argv;
const { file, args } = shellCommand(folder);
const config = join(folder, 'home', 'config');
mkdirSync(config, { recursive: true });
const settings = storedSettings({ shell: file, args, limits: { closeGraceSeconds: 0 } });
writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));

const storage = await openStorage(process.env, openSettingsFile);
const logger = storage.log.logger;
const downloads = new Downloads(logger);
const machine = await createMachine({
  logger,
  environment: process.env,
  locations: storage.locations,
  reaper: nodeReaperCommand(),
});
const engine = createEngine({ ...storage, machine, host: createWebHost(downloads), logger, appVersion: '0.0.0' });
const server = await startWebServer({
  port: 0,
  rendererFolder: join(projectRoot, '.vite', 'renderer', 'main_window'),
  connect: (transport) => engine.connect(transport),
  metrics: () => engine.metrics(),
  downloads,
  logger,
});
answerBench(
  () => server.link(),
  () => engine.quit(),
);
