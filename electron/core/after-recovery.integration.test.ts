import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { record, sessionId, startEntry } from '../journal/testing/entries.ts';
import { lookAt } from '../journal/testing/open-store.ts';
import { nodeReaperCommand } from '../reaper/command.ts';
import { openTestJournal } from '../recovery/testing/test-journal.ts';
import { keepingLogger } from '../sessions/testing/stand-ins.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import { afterRecovery } from './after-recovery.ts';
import { openStorage } from './open-storage.ts';
import { startCore } from './start-core.ts';
import { Window } from './testing/window.ts';

const JOURNAL_FILE = 'journal.sqlite';

// Threads and processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const home = mkdtempSync(join(tmpdir(), 'sandglass-after-'));
afterAll(() => rmSync(home, { recursive: true }));

test('a session that follows one that a crash has cut off starts when that has its end', async () => {
  const environment = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', SANDGLASS_HOME: home };
  const storage = await openStorage('web', environment, openSettingsFile);
  const earlier = openTestJournal(storage.locations, keepingLogger());
  const known = record(sessionId());
  await earlier.append(startEntry(known));
  await earlier.close();

  const core = await startCore({
    storage,
    host: { kind: 'web', openFolder: async () => false, deliverExport: async () => ({ outcome: 'cancelled' }) },
    environment,
    appVersion: '1.2.3',
    reaper: nodeReaperCommand(),
  });
  const window = new Window();
  core.connect(window);
  core.prepare();
  const { id } = await window.ask('sessions.open', { previousId: known.id, cols: 80, rows: 24 });
  await window.ask('sessions.close', { id, force: true });
  await core.quit();
  await storage.log.close();

  using look = lookAt(join(storage.locations.data, JOURNAL_FILE));
  const told = look.all(
    "SELECT type, session_id FROM events WHERE type IN ('session:start', 'session:end') ORDER BY seq",
  );
  expect(told.map(({ type, session_id }) => [type, session_id])).toEqual([
    ['session:start', known.id],
    ['session:end', known.id],
    ['session:start', id],
    ['session:end', id],
  ]);
});

test('nobody waits for a recovery that does not come to an end', async () => {
  await expect(afterRecovery(new Promise(() => {}), 1)).rejects.toThrow('still looking at what its last run has left');
});
