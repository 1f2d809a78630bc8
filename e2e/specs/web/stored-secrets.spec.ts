import { LOCAL_PROFILE, limits } from '../../runner/options.ts';
import { expect, test } from '../../runner/test.ts';

const credentials = [{ env: 'TOKEN', source: { kind: 'stored', name: 'token' }, ttlSeconds: 0, required: true }];

test.use({ settings: { ...limits(0, 0), profiles: [{ ...LOCAL_PROFILE, credentials }] } });

test('in a browser no secret can be stored, and what needs one says so', async ({ app }) => {
  await app.tabs.newButton.click();
  await app.card.waitForEnd('start_failed');
  await expect(app.card.message).toContainText('Secrets are stored by the desktop app only');
  await app.card.editProfile.click();
  const state = app.profiles.field('credentials').getByTestId('secret-state');
  await expect(state).toContainText('Secrets are stored by the desktop app only');
  await expect(app.page.getByTestId('set-secret')).toHaveCount(0);
});
