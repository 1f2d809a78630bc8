import type { AppPage } from '../../model/app-page.ts';
import type { Host } from '../../runner/host.ts';
import { RawSocket } from '../../runner/raw-socket.ts';
import { expect, test, webHost } from '../../runner/test.ts';

/** A second window of the signed-in browser, without its manners. */
async function openSocket(host: Host): Promise<RawSocket> {
  const { origin, page } = webHost(host);
  const cookies = await page.context().cookies();
  return RawSocket.open(origin, { origin, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') });
}

async function expectAppGoesOn(app: AppPage): Promise<void> {
  await app.terminal.run('echo "goes on $((1 + 1))"');
  await app.terminal.waitForLine('goes on 2');
}

test('malformed messages are refused with a typed error, and the app goes on', async ({ app, host, home }) => {
  await app.openTab();
  const socket = await openSocket(host);
  for (const [message, id] of [
    ['not json', ''],
    ['{"t":"q"}', ''],
    ['{"t":"q","m":"sessions.list","a":[{},{}],"i":"two"}', 'two'],
    ['[]', ''],
    ['x'.repeat(1_048_577), ''],
  ] as const) {
    const answer = socket.answer(id);
    socket.send(message);
    expect((await answer).e?.code, message.slice(0, 40)).toBe('bad_request');
  }
  expect((await socket.call('sessions.destroy', {})).e?.code).toBe('unknown_method');
  expect((await socket.call('__proto__', {})).e?.code).toBe('unknown_method');
  expect((await socket.call('constructor', {})).e?.code).toBe('unknown_method');
  expect((await socket.call('sessions.open', { cols: 80, rows: 24, shell: '/bin/sh' })).e?.code).toBe('bad_request');
  expect((await socket.call('sessions.open', { cols: 1e9, rows: 24 })).e?.code).toBe('bad_request');
  expect((await socket.call('sessions.attach', { id: '../../etc/passwd', channel: 1 })).e?.code).toBe('bad_request');
  expect((await socket.call('sessions.attach', { id: '0'.repeat(26), channel: 1 })).e?.code).toBe('unknown_session');
  expect((await socket.call('sessions.attach', { id: '0'.repeat(26), channel: 0 })).e?.code).toBe('bad_request');
  expect((await socket.call('sessions.export', { id: '0'.repeat(26), format: 'exe' })).e?.code).toBe('bad_request');
  await socket.close();
  await expectAppGoesOn(app);
  expect(await home.log()).toContain('A malformed message was refused');
});

test('a window that goes on sending malformed messages is cut off, and only that one', async ({ app, host }) => {
  await app.openTab();
  const socket = await openSocket(host);
  for (let count = 0; count < 200 && socket.isOpen; count += 1) socket.send(new Uint8Array([99, 0, 0, 0, 0]));
  await socket.closed;
  await expectAppGoesOn(app);
});

test('a flood of requests is bounded, answered, and stops nobody else', async ({ app, host }) => {
  await app.openTab();
  const socket = await openSocket(host);
  const answers = await Promise.all(Array.from({ length: 5_000 }, () => socket.call('sessions.metrics', {})));
  const refused = answers.filter(({ e }) => e !== undefined);
  expect(refused.every(({ e }) => e?.code === 'too_many_requests')).toBe(true);
  expect((await socket.call('sessions.list', {})).e).toBeUndefined();
  await socket.close();
  await expectAppGoesOn(app);
});

test('a message that is larger than any may be ends its window alone', async ({ app, host }) => {
  await app.openTab();
  const socket = await openSocket(host);
  socket.send(new Uint8Array(64 * 1_048_576));
  await socket.closed;
  await expectAppGoesOn(app);
});
