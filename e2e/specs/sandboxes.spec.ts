import type { AppPage } from '../model/app-page.ts';
import { NO_CONTAINERS, NO_SANDBOXES } from '../runner/containers.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, SANDBOX_PROFILE } from '../runner/options.ts';
import { parseRecording } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

/** What a shell says of what it can see of the machine, as one line. */
const LOOK_AROUND = [
  'echo "seen:',
  '$(ls -d "$HOST_HOME" 2>/dev/null | wc -l) homes,',
  '$(ls -d /proc/"$HOST_PID" 2>/dev/null | wc -l) processes,',
  '$(env | grep -c SG_E2E) variables,',
  '$(grep -vc -e lo: -e face -e Inter /proc/net/dev) networks,',
  '$(touch /usr/mark 2>/dev/null && echo writable || echo read-only) system"',
].join(' ');

/** The words of the badge, without what is only read aloud. */
async function badgeWords(app: AppPage): Promise<string[]> {
  const text = (await app.badge.textContent()) ?? '';
  return text.replace(/^Isolation: /, '').split(' · ');
}

const KINDS = [
  { profile: SANDBOX_PROFILE, skip: NO_SANDBOXES, words: ['bubblewrap', 'no network', 'read-only system'] },
  { profile: CONTAINER_PROFILE, skip: NO_CONTAINERS, words: ['container', 'no network', 'read-only root', '512 MB'] },
] as const;

for (const { profile, skip, words } of KINDS) {
  test.describe(profile.name.toLowerCase(), () => {
    test.use({ needs: skip, settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE, profile] } });

    test('it shows a shell nothing of this machine, and its badge says what was found', async ({ app, home, host }) => {
      await app.openProfile(profile.name);
      await app.terminal.waitForPrompt();
      await app.terminal.run(`HOST_HOME=${home.user} HOST_PID=${host.pid}; clear`);
      await app.terminal.run(LOOK_AROUND);
      await app.terminal.waitForLine('seen: 0 homes, 0 processes, 0 variables, 0 networks, read-only system');

      const badge = await badgeWords(app);
      for (const word of words) expect(badge.join(' · ')).toContain(word);
      await app.panel.open();
      const items = app.panel.section('isolation').getByTestId('isolation-list').locator('li > span:first-of-type');
      const listed = await items.allTextContents();
      await app.terminal.run('exit 5');
      await app.card.waitForEnd('exited');
      await expect(app.card.reason).toHaveText('The shell exited with 5');

      const [metadata] = await home.metadata();
      expect(metadata?.isolation.map(({ text }) => text)).toEqual(listed);
      expect(
        badge
          .join(' · ')
          .replace(/^open: /, '')
          .split(/ · |, /)
          .toSorted(),
      ).toEqual(listed.toSorted());
      const [head = ''] = (await home.recording()).split('\n', 1);
      expect(JSON.parse(head).tags).toEqual(listed);
      expect(parseRecording(await home.recording()).events.at(-1)?.[1]).toBe('x');
    });
  });
}

test.describe('a loosened container', () => {
  test.use({ needs: NO_CONTAINERS });
  const container = { ...CONTAINER_PROFILE.container, user: '0:0', readOnlyRoot: false };
  test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE, { ...CONTAINER_PROFILE, container }] } });

  test('it wears on its badge and its tab what is open', async ({ app }) => {
    await app.openProfile('Container');
    await app.terminal.waitForPrompt();
    await expect(app.badge).toHaveAttribute('data-closure', 'open');
    await expect(app.badge).toContainText(/open: .*writable root/);
    await expect(app.tabs.active).toContainText('loosened');
    await app.panel.open();
    const open = app.panel.section('isolation').locator('li[data-open]');
    await expect(open).toHaveText([/^writable root/, /^root/]);
  });
});

for (const [profile, skip] of [
  [LOCAL_PROFILE, process.platform === 'win32' ? 'needs a system that can stop processes' : ''],
  [SANDBOX_PROFILE, NO_SANDBOXES],
  [CONTAINER_PROFILE, NO_CONTAINERS],
] as const) {
  test.describe(`freezing: ${profile.name.toLowerCase()}`, () => {
    test.use({ needs: skip });
    const others = profile === LOCAL_PROFILE ? [] : [profile];
    test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE, ...others] } });

    test('a frozen session stands still, says so, and goes on where it was', async ({ app, home }) => {
      await app.openProfile(profile.name);
      await app.terminal.waitForPrompt();
      await app.terminal.run('for i in {1..150}; do echo "beat $i"; sleep 0.02; done; echo "all $((1 + 1))"');
      await app.terminal.waitForLine(/^beat \d+$/);
      await app.tabs.choose('Freeze session');
      await expect(app.card.frozen).toContainText('Frozen.');
      await expect(app.status.getByTestId('status-frozen')).toBeVisible();
      await expect(app.tabs.active).toContainText('frozen');
      await app.terminal.type('echo "kept $((2 + 2))"\n');
      await app.card.thaw.click();
      await expect(app.card.frozen).toBeHidden();
      await app.terminal.waitForLine('all 2');
      await app.terminal.waitForLine('kept 4');
      const beats = (await app.terminal.everything()).filter((line) => /^beat \d+$/.test(line));
      expect(beats).toEqual(Array.from({ length: 150 }, (_, index) => `beat ${index + 1}`));
      await app.terminal.run('exit');
      await app.card.waitForEnd('exited');
      const [metadata] = await home.metadata();
      const types = metadata?.events.map(({ type }) => type) ?? [];
      expect(types.filter((type) => /frozen|thawed/.test(type))).toEqual(['session:frozen', 'session:thawed']);
    });
  });
}
