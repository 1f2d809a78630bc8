import { request } from 'node:http';
import { metricsSchema } from '../../../shared/metrics.ts';
import type { WebHost } from '../../runner/host.ts';
import { RawSocket } from '../../runner/raw-socket.ts';
import { expect, test, webHost } from '../../runner/test.ts';

/** The status of a request with exactly these headers. */
async function status(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(url, { headers }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on('error', reject)
    .end();
  return promise;
}

async function cookieOf(host: WebHost): Promise<string> {
  const cookies = await host.page.context().cookies();
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

test('a used, a wrong and a missing token open nothing', async ({ app, host }) => {
  const { origin, usedLink } = webHost(host);
  await expect(app.emptyWindow).toBeVisible();
  expect(await status(usedLink)).toBe(403);
  expect(await status(`${origin}/?token=${'A'.repeat(43)}`)).toBe(403);
  expect(await status(`${origin}/`)).toBe(403);
  expect(await status(await webHost(host).freshLink())).toBe(303);
});

test('another person’s browser is told how to get in, and shown nothing', async ({ app, host, browser }) => {
  await app.openTab();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(webHost(host).origin);
  await expect(page.getByTestId('tab')).toHaveCount(0);
  await expect(page.locator('body')).toContainText('link');
  await context.close();
});

test('the cookie is out of reach for scripts and for other sites', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  const [cookie] = await webHost(host).page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  expect(await host.page.evaluate(() => document.cookie)).toBe('');
});

test('a foreign Host, as by DNS rebinding, is refused with the cookie too', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  const { origin } = webHost(host);
  const cookie = await cookieOf(webHost(host));
  expect(await status(`${origin}/`, { cookie })).toBe(200);
  expect(await status(`${origin}/`, { cookie, host: 'sandglass.example' })).toBe(403);
  expect(await status(`${origin}/health`, { cookie, host: 'sandglass.example' })).toBe(403);
});

test('a window’s socket needs the cookie and the right Origin', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  const { origin } = webHost(host);
  const cookie = await cookieOf(webHost(host));
  for (const headers of [
    { cookie, origin: 'https://evil.example' },
    { cookie, origin: 'null' },
    { cookie },
    { origin },
    { origin, cookie: cookie.replace(/=.*/, '=guess') },
  ]) {
    await expect(RawSocket.open(origin, headers), JSON.stringify(Object.keys(headers))).rejects.toThrow('403');
  }
  const socket = await RawSocket.open(origin, { origin, cookie });
  expect(await socket.call('sessions.list', {})).toEqual({ r: [] });
  await socket.close();
});

test('the health of the sessions is told to signed-in browsers alone', async ({ app, host }) => {
  await app.openTab();
  const { origin } = webHost(host);
  expect(await status(`${origin}/health`)).toBe(403);
  const response = await host.page.context().request.get(`${origin}/health`);
  expect(metricsSchema.parse(await response.json())).toMatchObject({ total: 1, active: 1 });
});
