import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Locator } from '@playwright/test';
import { AppPage } from '../../model/app-page.ts';
import type { WebHost } from '../../runner/host.ts';
import { LOCAL_PROFILE, limits } from '../../runner/options.ts';
import { expect, test, webHost } from '../../runner/test.ts';
import { serve } from '../../runner/web-host.ts';

test.use({ settings: { ...limits(0, 0, { closeGraceSeconds: 1 }), profiles: [LOCAL_PROFILE] } });

const bannerOf = (app: AppPage): Locator => app.page.getByTestId('link-banner');

/** Waits until the page has counted on: its one ticker moves this text, and with it all that counts. */
async function ticked(banner: Locator): Promise<void> {
  const wait = banner.locator('.figures').last();
  const before = await wait.textContent();
  await expect(wait).not.toHaveText(before ?? '');
}

/** A port of this machine that leads to the host's, as `ssh -L` gives one. */
async function forward(host: WebHost) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(host.origin).port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  // The port of a server that listens on TCP.
  const { port } = server.address() as AddressInfo;
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, cut, mend: () => listen(port), [Symbol.asyncDispose]: cut };
}

test('after the host is killed the page says what is known, counts nothing, and signs in to the next one', async ({
  app,
  home,
  host,
}) => {
  // The app is started twice.
  test.slow();
  await app.openTab();
  await app.terminal.run('echo "kept $((40 + 2))"');
  await app.terminal.waitForLine('kept 42');
  await app.panel.open();
  const { origin, pid, exited } = webHost(host);
  process.kill(pid, 'SIGKILL');
  await exited;

  const banner = bannerOf(app);
  await expect(banner).toHaveAttribute('data-why', 'unreachable');
  await expect(banner).toContainText('It is not known whether the sessions are still running');
  await expect(banner).toContainText(/as of \d+:\d\d:\d\d/);
  await expect(banner).not.toContainText(/go on|cannot be reached/);
  await expect(app.page.getByTestId('announcer')).toHaveText('Not connected to Sandglass.');
  await expect(app.status.getByTestId('status-recording')).toHaveText('was recording');
  await expect(app.status.locator('.rec-dot')).toHaveCount(0);
  await expect(app.status.getByTestId('status-away')).toContainText('as of');
  await expect(app.tabs.active).toHaveAttribute('data-away', 'true');
  const clocks = async (): Promise<(string | null)[]> => [
    await app.status.getByTestId('status-max').textContent(),
    await app.page.getByTestId('panel-now').textContent(),
  ];
  const before = await clocks();
  for (let ticks = 0; ticks < 3; ticks += 1) await ticked(banner);
  expect(await clocks()).toEqual(before);

  await using cleanup = new AsyncDisposableStack();
  const next = serve(home.environment({ SANDGLASS_PORT: new URL(origin).port }));
  cleanup.defer(async () => {
    next.child.kill('SIGTERM');
    await next.exited;
  });
  const link = await next.nextLink();
  expect(new URL(link).origin).toBe(origin);
  await expect(banner).toHaveAttribute('data-why', 'restarted');
  await expect(banner).toContainText('Sandglass was restarted. Sign in again.');
  await expect(banner).toContainText('Press Enter in the terminal where it runs');

  // The link signs the browser in, and with it the page that is still open.
  const other = await app.page.context().newPage();
  await other.goto(link);
  await expect(banner).toBeHidden();
  await app.card.waitForEnd('app_crash');
  await app.terminal.waitForLine('kept 42');
  await other.close();
});

test('a host that is quit says so: its sessions have ended, and what to do is said', async ({ app, host }) => {
  test.slow();
  await app.openTab();
  await host.terminate();
  const banner = bannerOf(app);
  await expect(banner).toHaveAttribute('data-why', 'quit');
  await expect(banner).toContainText('Sandglass was quit. Its sessions have ended.');
  // That nothing answers any more takes nothing of it back.
  for (let ticks = 0; ticks < 3; ticks += 1) await ticked(banner);
  await expect(banner).toHaveAttribute('data-why', 'quit');
});

test('a forwarded port of another number works, and a connection that broke is made again by itself', async ({
  app,
  host,
}) => {
  // There are two windows.
  test.slow();
  await expect(app.emptyWindow).toBeVisible();
  await using tunnel = await forward(webHost(host));
  const { searchParams } = new URL(await webHost(host).freshLink());
  const page = await app.page.context().newPage();
  await page.goto(`http://localhost:${tunnel.port}/?token=${searchParams.get('token')}`);
  const far = new AppPage(page, 'web');
  await far.ready();
  await far.openTab();
  // Cut before it has arrived, it would be the input that is said to be lost.
  await far.terminal.run('mark=held; echo "set $((1 + 1))"');
  await far.terminal.waitForLine('set 2');

  await tunnel.cut();
  await expect(bannerOf(far)).toHaveAttribute('data-why', 'unreachable');
  await expect(app.tabs.all).toHaveCount(1);
  await far.terminal.input.focus();
  await far.page.keyboard.type('mark=lost');
  await expect(far.inputBar).toContainText('Input not sent: there is no connection. 9 characters were not sent');
  await tunnel.mend();
  await expect(bannerOf(far)).toBeHidden();
  await expect(far.inputBar).toContainText('will not be sent later');
  await expect(page.getByTestId('announcer')).toHaveText('Connected to Sandglass again.');
  await far.terminal.run('echo "mark: $mark"');
  await far.terminal.waitForLine('mark: held');
  await expect(far.status.getByTestId('status-recording')).toHaveText('rec');
  await page.close();
});

test('a host that hangs is noticed, and used again when it goes on', async ({ app, host }) => {
  // It is probed every 15 s, and given 10 s to answer, twice.
  test.slow();
  await app.openTab();
  const { pid } = webHost(host);
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(bannerOf(app)).toHaveAttribute('data-why', 'unreachable', { timeout: 90_000 });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect(bannerOf(app)).toBeHidden({ timeout: 20_000 });
  await app.terminal.run('echo "back $((1 + 1))"');
  await app.terminal.waitForLine('back 2');
});

test('another name than a loopback one gets a page that says what to do', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  const { origin } = webHost(host);
  const answer = await app.page.context().request.get(origin, { headers: { Host: 'devbox.example:9000' } });
  expect(answer.status()).toBe(403);
  const page = await app.page.context().newPage();
  await page.setContent(await answer.text());
  await expect(page.getByRole('heading')).toHaveText('Sandglass does not answer to this name');
  await expect(page.locator('body')).toContainText('devbox.example:9000');
  await expect(page.locator('body')).toContainText(`ssh -L 9000:127.0.0.1:${new URL(origin).port}`);
  await page.close();
});
