import { AppPage } from '../model/app-page.ts';
import { cgroupsLeft, containersLeft, NO_CONTAINERS, NO_SANDBOXES } from '../runner/containers.ts';
import { Home } from '../runner/home.ts';
import { killApp } from '../runner/kill-app.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, SANDBOX_PROFILE } from '../runner/options.ts';
import { processesOfSessions } from '../runner/processes.ts';
import { expect, startHost, test } from '../runner/test.ts';

const settings = { ...limits(0, 0), profiles: [LOCAL_PROFILE, SANDBOX_PROFILE, CONTAINER_PROFILE] };

test.use({ settings, needs: NO_SANDBOXES || NO_CONTAINERS });

/** How long what an app leaves may take to be gone, in milliseconds; the promise is 5 s, and tests share the machine. */
const GONE_MS = 10_000;

/** Opens a session of this profile with a child that has left its process session and is deaf to polite signals. */
async function openWithRunaway(app: AppPage, name: string): Promise<void> {
  await app.openProfile(name);
  await app.terminal.waitForPrompt();
  await app.terminal.run(
    `(trap '' HUP TERM INT; setsid sleep 1000 </dev/null >/dev/null 2>&1 &); echo "away $((1 + 1))"`,
  );
  await app.terminal.waitForLine('away 2');
}

test('an app that is killed leaves nothing of its sessions, and those of another app go on', async ({
  app,
  home,
  host,
  hostKind,
  context,
}) => {
  // Two apps and five sessions.
  test.slow();
  await using other = await Home.create({ settings, policy: { minimumTimeoutSeconds: 1 } });
  const second = await startHost(hostKind, other.environment({}), context);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => second.terminate());
  const neighbour = new AppPage(second.page, hostKind);
  await neighbour.ready();
  await openWithRunaway(neighbour, CONTAINER_PROFILE.name);
  await openWithRunaway(neighbour, LOCAL_PROFILE.name);

  for (const { name } of [LOCAL_PROFILE, SANDBOX_PROFILE, CONTAINER_PROFILE]) await openWithRunaway(app, name);
  const ids = await home.sessionIds();
  expect(ids).toHaveLength(3);
  expect(processesOfSessions(ids).filter(({ command }) => command === 'sleep 1000')).toHaveLength(3);
  expect(await containersLeft(home)).toHaveLength(1);

  await killApp(host);
  await expect.poll(() => processesOfSessions(ids), { timeout: GONE_MS }).toEqual([]);
  await expect.poll(() => containersLeft(home), { timeout: GONE_MS }).toEqual([]);
  await expect.poll(() => cgroupsLeft(ids), { timeout: GONE_MS }).toEqual([]);

  expect(await containersLeft(other)).toHaveLength(1);
  await neighbour.terminal.run('echo "goes on $((2 + 2))"');
  await neighbour.terminal.waitForLine('goes on 4');
  const left = processesOfSessions(await other.sessionIds());
  expect(left.filter(({ command }) => command === 'sleep 1000')).toHaveLength(2);
  await second.terminate();
  expect(await containersLeft(other)).toEqual([]);
});
