import { startRegistry, type TestRegistry } from '../../electron/backends/docker/testing/registry.ts';
import type { ProfileOf } from '../../shared/profile.ts';
import { seriousViolations } from '../runner/accessibility.ts';
import { NO_CONTAINERS } from '../runner/containers.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, NO_IMAGE_PROFILE } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ needs: NO_CONTAINERS });

test.describe('an image that is not there', () => {
  test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE, NO_IMAGE_PROFILE] } });

  test('is named with what would help; the profile can be changed and the start tried again', async ({ app, home }) => {
    await app.openProfile(NO_IMAGE_PROFILE.name);
    await app.card.waitForEnd('start_failed');
    await expect(app.card.reason).toHaveText('The image cannot be used');
    await expect(app.card.message).toContainText(NO_IMAGE_PROFILE.container.image);
    await expect(app.card.hint).toHaveText(/\w/);
    await expect(app.badge).toContainText('container · did not start');

    await app.card.again.click();
    await expect.poll(async () => (await home.metadata()).length).toBe(2);
    await expect(app.tabs.all).toHaveCount(1);
    await app.card.waitForEnd('start_failed');

    await app.card.editProfile.click();
    await expect(app.profiles.title).toHaveText(NO_IMAGE_PROFILE.name);
    await app.profiles.fill('image', CONTAINER_PROFILE.container.image);
    await app.page.keyboard.press('Escape');
    await app.profiles.openSession.click();
    await expect(app.tabs.all).toHaveCount(2);
    await app.terminal.waitForPrompt();
    await app.terminal.run('exit');
    await app.card.waitForEnd('exited');
    const all = await home.metadata();
    expect(all.map(({ end }) => end.failure?.stage ?? end.reason)).toEqual(['image', 'image', 'exited']);
    expect(all[1]?.previousId).toBe(all[0]?.id);
  });
});

/** A container whose image a registry sends, at a pace that the test sets. */
const pulling = test.extend<{ registry: TestRegistry }>({
  // biome-ignore lint/correctness/noEmptyPattern: the test runner reads the names of what it depends on.
  registry: async ({}, use) => {
    await using registry = await startRegistry([100_000, 2_000_000], true);
    await use(registry);
  },
  settings: async ({ registry }, use) => {
    const container = { ...CONTAINER_PROFILE.container, image: registry.reference(), pull: 'missing' } as const;
    const profile: ProfileOf<'docker'> = { ...CONTAINER_PROFILE, id: 'slow', name: 'Slow image', container };
    await use({ ...limits(0, 0), profiles: [LOCAL_PROFILE, profile] });
  },
});

pulling.use({ needs: NO_CONTAINERS });
pulling('a pull shows how far it is, and stops when it is cancelled', async ({ app, registry, home }) => {
  await app.openProfile('Slow image');
  await registry.stalled;
  await expect(app.card.starting).toHaveAttribute('data-stage', 'pull');
  await expect(app.card.starting).toContainText(registry.reference());
  await expect(app.card.starting.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /\d+/);
  await expect(app.card.startingDetail).toContainText(/layers/);
  expect(await seriousViolations(app.page)).toEqual([]);
  await app.card.cancel.click();
  await expect(app.tabs.all).toHaveCount(0);
  const [metadata] = await home.metadata();
  expect(metadata?.end.reason).toBe('closed');
});
