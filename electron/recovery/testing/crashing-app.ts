import { messageOf } from '../../../shared/error-message.ts';
import type { LimitOrigin } from '../../../shared/limits.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS, type SettingPath } from '../../../shared/settings.ts';
import { SystemClock } from '../../base/clock.ts';
import { createMachine } from '../../core/machine.ts';
import { SessionJournal } from '../../core/session-journal.ts';
import { createSessionMetrics } from '../../metrics/session-metrics.ts';
import { nodeReaperCommand } from '../../reaper/command.ts';
import { writeMetadata } from '../../recording/metadata.ts';
import { createRecorderFactory } from '../../recording/recorder-factory.ts';
import { SessionManager } from '../../sessions/manager.ts';
import { profileWith } from '../../sessions/testing/profiles.ts';
import { findLocations, makeFolders } from '../../storage/locations.ts';
import { recoverSessions } from '../recover.ts';
import { openTestJournal } from './test-journal.ts';

// Stands in for the app in tests: recovers what the one before it has left, then opens and ends sessions as fast as it can,
// and reports each thing that happens on its standard output. It never ends by itself: it is there to be killed.
const SESSIONS = 4;
const COMMANDS = [
  'for i in $(seq 300); do echo "line $i ============================================"; done',
  "printf '\\033[?1049h\\033[2Jfull screen \\303'",
  'exit 3',
  '(sleep 1000 &)',
];

const home = process.argv[2] ?? '';
const fail = (error: unknown): never => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
};
process.on('unhandledRejection', fail);
const report = (what: string): void => void process.stdout.write(`${what}\n`);
const logger = {
  debug() {},
  info() {},
  warn() {},
  error: (details: object, message: string) => report(`error ${message} ${JSON.stringify(details)}`),
};
const locations = findLocations({ env: { SANDGLASS_HOME: home }, platform: process.platform });
makeFolders(locations);
const clock = new SystemClock();
const app = { name: 'Sandglass', version: '1' };
const machine = await createMachine({
  logger,
  environment: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' },
  locations,
  reaper: nodeReaperCommand(),
});
const journal = openTestJournal(locations, logger, machine.hooks);
const recorders = createRecorderFactory({ folder: locations.sessions, clock, logger });
let eventIds = 0;
report('recovering');
await recoverSessions({
  ...(await journal.opening),
  journal: {
    async append(entry) {
      report('recovered');
      await journal.append(entry);
    },
  },
  recorders,
  wall: () => clock.wall(),
  newEventId: () => `recovery-${process.pid}-${++eventIds}`,
  logger,
});

const journaling = new SessionJournal({ journal, clock });
const preferences = structuredClone(DEFAULT_SETTINGS);
preferences.limits.closeGraceSeconds = 0.1;
const origins = Object.fromEntries(SETTING_PATHS.map((path) => [path, 'default'])) as Record<SettingPath, LimitOrigin>;
const profile = profileWith({ shell: '/bin/bash', args: ['--norc', '--noprofile'] });
const manager = new SessionManager({
  clock,
  backends: machine.backends,
  recorders: journaling.recorders(recorders),
  settings: {
    settings: preferences,
    effective: { preferences, origins },
    policy: { ok: true, policy: policySchema.parse({}), file: null },
    profile: () => profile,
    onChange: () => () => {},
  },
  metrics: createSessionMetrics(() => clock.wall()),
  logger,
  app,
  async writeMetadata(metadata) {
    report('closed');
    await writeMetadata(recorders.folderOf(metadata.id), metadata);
    report('written');
  },
});
journaling.follow(manager);
manager.on('event', ({ event }) => report(event.type));

let count = 0;
/** One after the other in the same place, forever. */
async function keepOne(): Promise<void> {
  for (;;) {
    const session = manager.open({ cols: 80, rows: 24 });
    await session.started;
    const command = COMMANDS[count++ % COMMANDS.length] ?? '';
    session.write(Buffer.from(`${command}; echo "do""ne"\r`), { user: true });
    session.resize(90 + (count % 20), 30);
    // Until its output has come, or it has ended by itself.
    let shown = '';
    const watcher = Promise.withResolvers<void>();
    const { detach, acknowledge } = session.watch({
      headerBytes: 0,
      deliver(bytes) {
        report('output');
        acknowledge(bytes.byteLength);
        shown = (shown + Buffer.from(bytes).toString('latin1')).slice(-1_000);
        if (shown.includes('done')) watcher.resolve();
      },
      onClosed: () => watcher.resolve(),
    });
    await watcher.promise;
    detach();
    await session.recording.flush();
    report('flushed');
    await session.end('closed');
    manager.dismiss(session.id);
  }
}
await Promise.all(Array.from({ length: SESSIONS }, keepOne));
