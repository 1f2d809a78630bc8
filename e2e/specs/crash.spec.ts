import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOneStory, eventsInJournal } from '../../chaos/verify.ts';
import { RECORDING_FILE } from '../../shared/recording.ts';
import { NO_CONTAINERS, NO_SANDBOXES } from '../runner/containers.ts';
import type { Home } from '../runner/home.ts';
import { killApp } from '../runner/kill-app.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, SANDBOX_PROFILE } from '../runner/options.ts';
import { parseRecording } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

/** A container that is attached to again. */
const SURVIVOR_PROFILE = {
  ...CONTAINER_PROFILE,
  id: 'survivor',
  name: 'Survivor',
  container: { ...CONTAINER_PROFILE.container, survive: true },
};

const ENDED = [LOCAL_PROFILE, SANDBOX_PROFILE, CONTAINER_PROFILE] as const;
const ALL = [...ENDED, SURVIVOR_PROFILE] as const;

test.use({
  needs: NO_SANDBOXES || NO_CONTAINERS,
  settings: { ...limits(0, 0), profiles: [...ALL] },
  tellsHook: true,
});

/** What is on the disk of all sessions' recordings, the oldest first. */
async function recordings(home: Home): Promise<string[]> {
  const folders = await home.sessionFolders();
  return Promise.all(folders.map((folder) => readFile(join(folder, RECORDING_FILE), 'utf8').catch(() => '')));
}

test('a crash is told, its sessions can be read and opened again, and each end is told once', async ({
  app,
  home,
  host,
  told,
  startAgain,
}) => {
  // The app is started three times, and opens five sessions.
  test.slow();
  for (const { name } of ALL) {
    await app.openProfile(name);
    await app.terminal.waitForPrompt();
    await app.terminal.run(`mark=held; echo "shown: ${name} $((40 + 2))"`);
    await app.terminal.waitForLine(`shown: ${name} 42`);
    // Titles that were given come back, too.
    await app.tabs.rename(`my ${name}`);
  }
  const ids = await home.sessionIds();
  const [localId] = ids;
  const crashed = ids.slice(0, ENDED.length);
  await expect.poll(async () => (await told()).length, 'starts that the hook was told of').toBe(ALL.length);
  // What is shown is on the disk within a second.
  await expect
    .poll(async () => (await recordings(home)).filter((text) => / 42\\r\\n/.test(text)).length)
    .toBe(ALL.length);
  await killApp(host);

  const second = await startAgain();
  const toast = second.app.toast('Sandglass stopped unexpectedly').first();
  await expect(toast).toContainText('3 sessions that were open have ended');
  await expect(toast).toContainText('A session in a container went on');
  await expect(second.app.tabs.titles).toHaveText(ALL.map(({ name }) => `my ${name}`));
  for (const { name } of ENDED) {
    await second.app.tabs.select(`my ${name}`);
    await second.app.card.waitForEnd('app_crash');
    await expect(second.app.card.reason).toHaveText('Ended when Sandglass stopped unexpectedly');
    await second.app.terminal.waitForLine(`shown: ${name} 42`);
  }
  await second.app.tabs.select(`my ${SURVIVOR_PROFILE.name}`);
  await second.app.terminal.waitForLine(`shown: ${SURVIVOR_PROFILE.name} 42`);
  await second.app.terminal.run('echo "mark: $mark"');
  await second.app.terminal.waitForLine('mark: held');
  await second.app.panel.open();
  await expect(second.app.panel.timeline.filter({ hasText: 'Reattached after' })).toHaveCount(1);

  for (const metadata of await home.metadata()) {
    expect(metadata.end).toMatchObject({ reason: 'app_crash', exitCode: null });
    expect(metadata.endedAt).toBe(metadata.end.at);
    expect(metadata.recording.sha256).not.toBeNull();
  }
  expect((await home.metadata()).map(({ id }) => id)).toEqual(crashed);
  for (const text of (await recordings(home)).slice(0, ENDED.length)) {
    expect(parseRecording(text).events.at(-1)?.[1]).toBe('x');
  }
  const ends = async () => (await told()).filter(({ event }) => event === 'session:end');
  const byId = (a: { sessionId: string }, b: { sessionId: string }) => (a.sessionId < b.sessionId ? -1 : 1);
  await expect
    .poll(async () => (await ends()).toSorted(byId), 'ends that the hook was told of')
    .toEqual(crashed.map((sessionId) => ({ event: 'session:end', sessionId, reason: 'app_crash' })));

  await second.app.tabs.select(`my ${LOCAL_PROFILE.name}`);
  await expect(second.app.card.again).toHaveText('Reopen');
  await second.app.card.again.click();
  // It takes the place of what was left, with the name that was given to that.
  await second.app.terminal.waitForPrompt();
  await expect(second.app.tabs.titles).toHaveText(ALL.map(({ name }) => `my ${name}`));
  await expect(second.app.tabs.active.locator('.tab-title')).toHaveText(`my ${LOCAL_PROFILE.name}`);
  await second.app.tabs.rename('opened again');
  for (const { name } of ENDED.slice(1)) {
    await second.app.tabs.select(`my ${name}`);
    await second.app.card.waitForEnd('app_crash');
    await second.app.tabs.close();
    await expect(second.app.tabs.tab(`my ${name}`)).toHaveCount(0);
  }
  await expect(second.app.tabs.all).toHaveCount(2);
  await second.host.terminate();
  const reopened = (await home.metadata()).at(-1);
  expect(reopened).toMatchObject({ previousId: localId, end: { reason: 'app_quit' } });
  const kept = eventsInJournal(home);
  expect(checkOneStory('journal', kept)).toEqual([]);
  expect(kept.filter(({ reason }) => reason === 'app_crash').map(({ sessionId }) => sessionId)).toHaveLength(3);

  const third = await startAgain();
  await expect(third.app.emptyWindow).toBeVisible();
  await expect(third.app.tabs.all).toHaveCount(0);
  // What the quit left no time for is delivered now.
  await expect.poll(async () => new Set((await ends()).map(({ sessionId }) => sessionId)).size).toBe(ALL.length + 1);
  await third.host.terminate();
  expect(checkOneStory('journal', eventsInJournal(home))).toEqual([]);
});
