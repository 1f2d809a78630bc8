import { AppPage } from '../../model/app-page.ts';
import { expect, test, webHost } from '../../runner/test.ts';

test('two windows show the same sessions, and both can type', async ({ app, host }) => {
  await app.openTab();
  const page = await webHost(host).page.context().newPage();
  await page.goto(webHost(host).origin);
  const second = new AppPage(page, 'web');
  await second.ready();
  await expect(second.tabs.all).toHaveCount(1);
  await second.terminal.run('echo "from the second $((1 + 1))"');
  await app.terminal.waitForLine('from the second 2');
  await app.terminal.run('echo "from the first $((2 + 2))"');
  await second.terminal.waitForLine('from the first 4');

  await page.close();
  await app.terminal.run('echo "alone again $((3 + 3))"');
  await app.terminal.waitForLine('alone again 6');
});

/** The text of every visible row, and the size that the shell is told. */
const sizeOf = async ({ terminal }: AppPage): Promise<number> => (await terminal.screen()).length;

test('two windows of different size show the same cells, in the size of the one that was used last', async ({
  app,
  host,
}) => {
  const { page } = webHost(host);
  await page.setViewportSize({ width: 1_300, height: 800 });
  await app.openTab();
  await app.terminal.run(`printf '%s\\n' "$(printf 'w%.0s' $(seq 1 130))"`);
  await app.terminal.waitForLine('w'.repeat(130));
  const rows = await sizeOf(app);

  const other = await page.context().newPage();
  await other.setViewportSize({ width: 700, height: 500 });
  await other.goto(webHost(host).origin);
  const second = new AppPage(other, 'web');
  await second.ready();
  await expect.poll(async () => (await sizeOf(second)) < rows).toBe(true);
  await expect.poll(() => app.terminal.screen()).toEqual(await second.terminal.screen());
  await expect(app.terminal.sizeHint).toContainText('Sized for another window');
  await expect(second.terminal.sizeHint).toBeHidden();

  // Typing gives a window its own size back; the other one shows the same cells.
  await app.terminal.run('echo "cols: $(tput cols)"');
  await expect.poll(() => sizeOf(app)).toBe(rows);
  await app.terminal.waitForLine(/^cols: 1[3-9]\d$/);
  await expect(app.terminal.sizeHint).toBeHidden();
  await expect(second.terminal.sizeHint).toContainText('Sized for another window');
  await expect.poll(() => second.terminal.screen()).toEqual(await app.terminal.screen());

  await second.terminal.run('echo "narrow: $(tput cols)"');
  await app.terminal.waitForLine(/^narrow: [6-9]\d$/);
  await other.close();
  await expect.poll(() => sizeOf(app)).toBe(rows);
  await app.terminal.run('echo "alone: $(tput cols)"');
  await app.terminal.waitForLine(/^alone: 1[3-9]\d$/);
});

test('a window that is closed leaves its sessions running', async ({ app, host }) => {
  await app.openTab();
  await app.terminal.run('mark=held');
  const context = webHost(host).page.context();
  await app.page.close();
  const page = await context.newPage();
  await page.goto(webHost(host).origin);
  const later = new AppPage(page, 'web');
  await later.ready();
  await later.terminal.run('echo "mark: $mark"');
  await later.terminal.waitForLine('mark: held');
});

test('the page may load and reach nothing but its own server', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  const page = await webHost(host).page.context().newPage();
  await page.goto(webHost(host).origin);
  // The name leads nowhere: only what the policy blocks is reported as a violation.
  const blocked = await page.evaluate(async () => {
    const attempts: readonly (() => void)[] = [
      () => document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' })),
      () => document.head.append(Object.assign(document.createElement('script'), { src: 'https://foreign.example/' })),
      () => void fetch('https://foreign.example/').catch(() => {}),
      () => document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://foreign.example/' })),
    ];
    const directives: string[] = [];
    for (const attempt of attempts) {
      const violation = new Promise<SecurityPolicyViolationEvent>((resolve) => {
        document.addEventListener('securitypolicyviolation', resolve, { once: true });
      });
      attempt();
      directives.push((await violation).effectiveDirective);
    }
    return { directives, ran: 'ran' in window };
  });
  expect(blocked).toEqual({
    directives: ['script-src-elem', 'script-src-elem', 'connect-src', 'frame-src'],
    ran: false,
  });
  await page.close();
});
