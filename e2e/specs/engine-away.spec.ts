import { containersLeft, NO_CONTAINERS } from '../runner/containers.ts';
import { EngineSwitch } from '../runner/engine-switch.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits } from '../runner/options.ts';
import { test as base, expect } from '../runner/test.ts';

const test = base.extend<{ engineSwitch: EngineSwitch }>({
  // biome-ignore lint/correctness/noEmptyPattern: the test runner reads the names of what it depends on.
  engineSwitch: async ({}, use) => {
    await using engineSwitch = await EngineSwitch.create();
    await use(engineSwitch);
  },
  environment: async ({ engineSwitch }, use) => {
    await use({ DOCKER_HOST: engineSwitch.host });
  },
});

test.use({ needs: NO_CONTAINERS, settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE, CONTAINER_PROFILE] } });

test('an engine that is away is told with what would help, and its coming and going is seen live', async ({
  app,
  engineSwitch,
  home,
}) => {
  const { newTabMenu } = app;
  await newTabMenu.open();
  const item = newTabMenu.profile(CONTAINER_PROFILE.id);
  const line = newTabMenu.backend('docker');
  await expect(line).toHaveAttribute('data-state', 'unavailable');
  await expect(line).toContainText(/\w+/);
  await expect(item).toHaveAttribute('aria-disabled', 'true');
  await expect(newTabMenu.checkAgain).toBeVisible();

  await engineSwitch.open();
  await expect(line).toHaveAttribute('data-state', 'available');
  await expect(item).not.toHaveAttribute('aria-disabled', 'true');
  await expect(newTabMenu.checkAgain).toBeHidden();
  await item.click();
  await app.terminal.waitForPrompt();
  await app.terminal.run('echo "inside $((1 + 1))"');
  await app.terminal.waitForLine('inside 2');

  await engineSwitch.shut();
  await app.card.waitForEnd('backend_lost');
  await app.terminal.waitForLine('inside 2');
  await newTabMenu.open();
  await expect(line).toHaveAttribute('data-state', 'unavailable');
  expect(await containersLeft(home)).toHaveLength(1);

  await engineSwitch.open();
  await expect(line).toHaveAttribute('data-state', 'available');
  await expect.poll(() => containersLeft(home)).toEqual([]);
});
