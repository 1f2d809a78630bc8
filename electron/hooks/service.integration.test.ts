import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import { hooksViewSchema } from '../../shared/hooks.ts';
import { TestClock } from '../sessions/testing/test-clock.ts';
import { script } from './testing/hook-folders.ts';
import { answerWith, type Received, Receiver, webhookHeaders } from './testing/receiver.ts';
import { SECRET, ServiceRig, webhookYaml } from './testing/service-rig.ts';

const isPosix = process.platform !== 'win32';
const QUICK = 'retry: { attempts: 50, initialBackoffSeconds: 0.1, maxBackoffSeconds: 0.2 }\n';

let rig: ServiceRig;
let receiver: Receiver;
beforeEach(async () => {
  rig = new ServiceRig();
  receiver = await Receiver.start();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function typeOf({ body }: Received): unknown {
  return JSON.parse(body).type;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
  throw new Error('It was not refused');
}

describe('hooks', () => {
  test('want the events that they name, as long as they can be used', async () => {
    rig.folders.write('all', webhookYaml(receiver.url()));
    rig.folders.write('ends', webhookYaml(receiver.url(), '', 'session:end'));
    rig.folders.write('off', webhookYaml(receiver.url(), 'enabled: false\n'));
    rig.folders.write('broken', 'events: [session:end]\n');
    const service = rig.open();
    expect(service.subscribers('session:end')).toEqual(['all', 'ends']);
    expect(service.subscribers('session:start')).toEqual(['all']);
    expect(service.subscribers('hook:test')).toEqual(['all']);
    rig.folders.remove('all');
    await rig.until(() => service.subscribers('session:start').length === 0);
    expect(service.subscribers('session:end')).toEqual(['ends']);
  });

  test('are shown with what they are, and what is wrong with them', () => {
    rig.folders.write('broken', 'events: [session:end]\n');
    rig.folders.write('off', webhookYaml(receiver.url('/a?key=secret'), 'enabled: false\n'));
    rig.folders.write('ready', webhookYaml(receiver.url('/b'), '', 'session:start, session:end'));
    const view = rig.open().view();
    expect(hooksViewSchema.parse(view)).toEqual(view);
    const nothing = { pending: 0, deadLetters: 0, last: null };
    expect(view).toEqual({
      folder: rig.folders.root,
      hooks: [
        {
          name: 'broken',
          kind: null,
          target: '',
          events: [],
          state: 'broken',
          message: 'hook.yaml: it needs “run:” or “webhook:”.',
          ...nothing,
        },
        {
          name: 'off',
          kind: 'webhook',
          target: receiver.url('/a'),
          events: ['*'],
          state: 'disabled',
          message: null,
          ...nothing,
        },
        {
          name: 'ready',
          kind: 'webhook',
          target: receiver.url('/b'),
          events: ['session:start', 'session:end'],
          state: 'ready',
          message: null,
          ...nothing,
        },
      ],
    });
    expect(JSON.stringify(view)).not.toContain('whsec_');
  });

  test('that are webhooks are sent events that their receivers can verify, in order', async () => {
    rig.folders.write('a', webhookYaml(receiver.url()));
    rig.open();
    const known = rig.session(1);
    await receiver.arrivals(3);
    expect(receiver.received.map(typeOf)).toEqual(['session:start', 'session:extended', 'session:end']);
    for (const received of receiver.received) {
      const event = new Webhook(SECRET).verify(received.body, webhookHeaders(received));
      expect(event).toMatchObject({ data: { id: known.id } });
      expect(received.headers['webhook-id']).toBe(JSON.parse(received.body).id);
    }
    await rig.until(() => rig.info('a').pending === 0);
    expect(rig.info('a').last).toMatchObject({
      state: 'delivered',
      attempts: 1,
      outcome: expect.stringContaining('204'),
    });
  });

  test.runIf(isPosix)(
    'that are executables get the event on standard input and what it is in their environment',
    async () => {
      rig.folders.write('a', 'events: [session:end]\nrun: note.sh\nargs: ["a b", "$c"]\n', {
        'note.sh': script(
          'cat > event.json',
          'printf "%s|%s|%s|%s|%s" "$SANDGLASS_EVENT" "$SANDGLASS_SESSION_ID" "$SANDGLASS_REASON" "$1" "$2" > words',
        ),
      });
      rig.open();
      const known = rig.session();
      await rig.until(() => rig.info('a').last !== null);
      expect(rig.info('a').last).toMatchObject({ state: 'delivered', event: 'session:end' });
      expect(JSON.parse(readFileSync(rig.folders.path('a', 'event.json'), 'utf8'))).toMatchObject({
        data: { id: known.id },
      });
      expect(readFileSync(rig.folders.path('a', 'words'), 'utf8')).toBe(`session:end|${known.id}|idle_timeout|a b|$c`);
      expect(rig.runs.size).toBe(0);
    },
  );

  test.runIf(isPosix)('that are executables which others can change since are not run', async () => {
    rig.folders.write('a', 'events: [session:end]\nrun: note.sh\n', { 'note.sh': script('touch ran') });
    rig.open();
    chmodSync(rig.folders.path('a', 'note.sh'), 0o777);
    rig.session();
    await rig.until(() => rig.info('a').state === 'broken');
    expect(existsSync(rig.folders.path('a', 'ran'))).toBe(false);
    expect(rig.info('a')).toMatchObject({ pending: 1, deadLetters: 0 });
  });

  test('are told of a test only when asked, through the same queue', async () => {
    rig.folders.write('a', webhookYaml(receiver.url(), '', 'session:end'));
    rig.folders.write('b', webhookYaml(receiver.url('/b')));
    const service = rig.open();
    const delivery = service.test('a');
    expect(delivery).toMatchObject({ hook: 'a', event: 'hook:test', sessionId: null, state: 'pending', attempts: 0 });
    await rig.until(() => rig.list('a')[0]?.state === 'delivered');
    const [received] = receiver.received;
    expect(receiver.received).toHaveLength(1);
    expect(JSON.parse(received?.body ?? '')).toMatchObject({
      source: 'urn:sandglass:test',
      data: { event: 'hook:test', hook: 'a' },
    });
  });

  test('that are not there or cannot be used refuse to be tested, in words', () => {
    rig.folders.write('off', webhookYaml(receiver.url(), 'enabled: false\n'));
    rig.folders.write('broken', 'events: []\n');
    const service = rig.open();
    expect(refusal(() => service.test('none'))).toBe('There is no hook named “none”.');
    expect(refusal(() => service.enable('none'))).toBe('There is no hook named “none”.');
    expect(refusal(() => service.test('broken'))).toContain('events must name at least one event');
    expect(refusal(() => service.test('off'))).toContain('enabled: false');
    expect(refusal(() => service.sendAgain('broken', null))).toContain('cannot be used');
    expect(rig.list('off')).toEqual([]);
  });
});

describe('deliveries', () => {
  test('that are owed at the end of a run go out in the next one', async () => {
    rig.folders.write('a', webhookYaml(receiver.url(), QUICK));
    receiver.answer = answerWith(500);
    rig.open();
    const known = rig.session(2);
    await rig.until(() => rig.info('a').last !== null);
    await rig.close();
    const before = receiver.received.length;
    receiver.answer = answerWith(200);
    rig.open();
    await rig.until(() => rig.info('a').pending === 0);
    const ids = rig.list('a').map(({ eventId }) => eventId);
    expect(receiver.received.slice(before).map(({ headers }) => headers['webhook-id'])).toEqual(ids);
    expect(rig.list('a').every(({ sessionId }) => sessionId === known.id)).toBe(true);
  });

  test('that were given up are sent again when asked: one, or all', async () => {
    rig.folders.write('a', webhookYaml(receiver.url(), 'retry: { attempts: 1 }\n'));
    receiver.answer = answerWith(500);
    const service = rig.open();
    rig.session(2);
    await rig.until(() => rig.info('a').deadLetters === 4);
    expect(rig.info('a').last?.outcome).toMatch(/^500 Internal Server Error in .* s; failed after 1 attempt$/);
    receiver.answer = answerWith(200);
    const [first] = rig.list('a');
    expect(service.sendAgain('a', first?.id ?? 0)).toBe(1);
    await rig.until(() => rig.info('a').deadLetters === 3 && rig.info('a').pending === 0);
    expect(service.sendAgain('a', first?.id ?? 0)).toBe(0);
    expect(service.sendAgain('a', null)).toBe(3);
    await rig.until(() => rig.info('a').deadLetters === 0 && rig.info('a').pending === 0);
    expect(rig.list('a').every(({ state }) => state === 'delivered')).toBe(true);
  });

  test('wait while their hook is broken, and go out at once when it is mended', async () => {
    rig.folders.write('a', webhookYaml(receiver.url('/old'), 'retry: { initialBackoffSeconds: 3600 }\n'));
    receiver.answer = answerWith(500);
    const service = rig.open();
    rig.session();
    await rig.until(() => rig.info('a').last !== null);
    rig.folders.write('a', 'events: [\n');
    await rig.until(() => rig.info('a').state === 'broken');
    expect(service.subscribers('session:end')).toEqual([]);
    rig.session();
    expect(rig.info('a').pending).toBe(2);
    receiver.answer = answerWith(200);
    rig.folders.write('a', webhookYaml(receiver.url('/new'), 'retry: { initialBackoffSeconds: 3600 }\n'));
    await rig.until(() => rig.info('a').pending === 0);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/old', '/new', '/new']);
  });

  test.runIf(isPosix)('go out at once when the executable that failed is another one', async () => {
    const yaml = 'events: ["*"]\nrun: note.sh\nretry: { initialBackoffSeconds: 3600 }\n';
    rig.folders.write('a', yaml, { 'note.sh': script('exit 1') });
    rig.open();
    rig.session();
    await rig.until(() => rig.info('a').last?.attempts === 1);
    rig.folders.write('a', null, { 'note.sh': script('exit 0 # mended') });
    await rig.until(() => rig.info('a').pending === 0);
    expect(rig.list('a').map(({ state, attempts }) => [state, attempts])).toEqual([
      ['delivered', 2],
      ['delivered', 1],
    ]);
  });

  test('to a hook that is removed are dropped, and that is told', async () => {
    rig.folders.write('a', webhookYaml(receiver.url(), 'timeoutSeconds: 300\n'));
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    receiver.answer = (_received, response) => response.on('close', leave);
    rig.open();
    rig.session(1);
    await receiver.arrivals(1);
    rig.folders.remove('a');
    await rig.until(() => rig.service.view().hooks.length === 0);
    await expect
      .poll(() => rig.problems, { timeout: 15_000 })
      .toMatchObject([{ id: 'hook-removed-a', severity: 'info', message: '3 pending events were discarded.' }]);
    await left;
    expect(rig.list('a').map(({ state, outcome }) => [state, outcome])).toEqual(
      Array.from({ length: 3 }, () => ['dropped', 'dropped: the hook was removed']),
    );
  });

  test('to a hook that was removed while Sandglass did not run are dropped', async () => {
    rig.folders.write('a', webhookYaml(receiver.url()));
    receiver.answer = answerWith(500);
    rig.open();
    rig.session();
    await rig.until(() => rig.info('a').last !== null);
    await rig.close();
    rig.folders.remove('a');
    rig.open();
    await expect.poll(() => rig.problems, { timeout: 15_000 }).toMatchObject([{ id: 'hook-removed-a' }]);
    expect(rig.list('a').map(({ state }) => state)).toEqual(['dropped', 'dropped']);
  });

  test('are kept when all hooks are away, as on a disk that is not there', async () => {
    const clock = new TestClock();
    await using other = new ServiceRig(clock);
    other.folders.write('a', webhookYaml(receiver.url()));
    receiver.answer = answerWith(500);
    other.open();
    other.session();
    await expect.poll(() => other.info('a').last).not.toBeNull();
    rmSync(other.folders.root, { recursive: true });
    await clock.advance(120_000);
    expect(other.service.view().hooks).toEqual([]);
    expect(other.list('a').map(({ state }) => state)).toEqual(['pending', 'pending']);
    expect(other.problems).toEqual([]);
  });
});

test('nothing secret is shown or logged, whatever goes wrong', async () => {
  const yaml = (url: string): string => webhookYaml(url, '  headers: { Authorization: Bearer hunter2 }\n');
  rig.folders.write('a', yaml(receiver.url('/?key=hunter2')), {});
  rig.folders.write('b', yaml('http://127.0.0.1:9/?key=hunter2'));
  rig.folders.write('c', `${yaml(receiver.url())}  secretFile: none\n`);
  rig.folders.write('d', yaml('https://user:hunter2@example.org/'));
  rig.folders.write('e', `events: ["*"]\nwebhook: { url: 7, secrets: [${SECRET}, hunter2] }\n`);
  rig.folders.write('f', yaml('https://hunter2.invalid/').replace('hunter2.invalid', 'receiver.invalid'));
  receiver.answer = answerWith(500, { 'x-secret': 'hunter2' }, 'hunter2');
  rig.open();
  rig.session();
  await rig.until(() => ['a', 'b', 'f'].every((name) => rig.info(name).last !== null));
  receiver.answer = answerWith(301, { location: 'https://hunter2.example.org' }, 'hunter2');
  rig.service.sendAgain('a', null);
  await rig.until(() => rig.info('a').last?.outcome?.includes('301') === true);
  const told = JSON.stringify([rig.service.view(), rig.views, rig.list('a'), rig.list('b'), rig.problems, rig.logged]);
  expect(rig.logged.length).toBeGreaterThan(0);
  expect(told).not.toContain('hunter2');
  expect(told).not.toContain(SECRET);
});

describe('a receiver that answers 410', () => {
  test('gets nothing more until its hook is switched on again, also in the next run', async () => {
    rig.folders.write('a', webhookYaml(receiver.url()));
    receiver.answer = answerWith(410);
    let service = rig.open();
    rig.session(2);
    await rig.until(() => rig.info('a').state === 'gone');
    expect(rig.info('a')).toMatchObject({ pending: 0, deadLetters: 1, message: expect.stringContaining('410 Gone') });
    expect(rig.list('a').map(({ state }) => state)).toEqual(['dead-letter', 'dropped', 'dropped', 'dropped']);
    expect(service.subscribers('session:start')).toEqual([]);
    expect(refusal(() => service.test('a'))).toContain('Turn the hook on again');
    await rig.close();

    service = rig.open();
    expect(rig.info('a').state).toBe('gone');
    rig.session();
    expect(rig.info('a').pending).toBe(0);
    receiver.answer = answerWith(204);
    service.enable('a');
    expect(rig.info('a').state).toBe('ready');
    expect(service.sendAgain('a', null)).toBe(1);
    rig.session();
    await rig.until(() => rig.info('a').pending === 0);
    expect(receiver.received.map(typeOf)).toEqual(['session:start', 'session:start', 'session:start', 'session:end']);
    await rig.close();
    rig.open();
    expect(rig.info('a').state).toBe('ready');
  });

  test('has said nothing about another address', async () => {
    rig.folders.write('a', webhookYaml(receiver.url('/old')));
    receiver.answer = answerWith(410);
    const service = rig.open();
    service.test('a');
    await rig.until(() => rig.info('a').state === 'gone');
    receiver.answer = answerWith(204);
    rig.folders.write('a', webhookYaml(receiver.url('/new')));
    await rig.until(() => rig.info('a').state === 'ready');
    rig.session();
    await receiver.arrivals(3);
    expect(rig.store.store.deliveries.flags().size).toBe(0);
  });
});

describe('windows', () => {
  test('are told of changes at most every 200 ms, and of nothing that is none', async () => {
    const clock = new TestClock();
    await using other = new ServiceRig(clock);
    other.folders.write('a', webhookYaml(receiver.url(), 'enabled: false\n'));
    other.folders.write('b', webhookYaml(receiver.url()));
    receiver.answer = () => {};
    const service = other.open();
    service.wake();
    await clock.advance(1_000);
    expect(other.views).toHaveLength(1);
    const times: number[] = [];
    for (let each = 0; each < 100; each += 1) {
      const before = other.views.length;
      service.test('b');
      await clock.advance(17);
      if (other.views.length > before) times.push(clock.now());
    }
    expect(times.length).toBeGreaterThan(3);
    expect(times.length).toBeLessThanOrEqual(9);
    await clock.advance(200);
    expect(other.views.at(-1)?.hooks[1]?.pending).toBe(100);
    const told = other.views.length;
    for (let each = 0; each < 10; each += 1) {
      service.wake();
      await clock.advance(500);
    }
    expect(other.views).toHaveLength(told);
  });
});

describe('the close', () => {
  test('takes less than a second, whatever hangs; what was under way stays owed', async () => {
    rig.folders.write('hangs', webhookYaml(receiver.url()));
    if (isPosix) rig.folders.write('sleeps', 'events: ["*"]\nrun: sleep.sh\n', { 'sleep.sh': script('exec sleep 60') });
    receiver.answer = () => {};
    rig.open();
    rig.session();
    await receiver.arrivals(1);
    if (isPosix) await expect.poll(() => rig.runs.size, { timeout: 15_000 }).toBe(1);
    const { service } = rig;
    await service.close();
    await service.close();
    expect(rig.list('hangs').map(({ state, attempts }) => [state, attempts])).toEqual([
      ['pending', 0],
      ['pending', 0],
    ]);
    if (isPosix) expect(rig.list('sleeps')[0]).toMatchObject({ state: 'pending', attempts: 0 });
    await expect.poll(() => rig.runs.size, { timeout: 15_000 }).toBe(0);
  });

  test('lets the last events out where that is quick', async () => {
    rig.folders.write('a', webhookYaml(receiver.url()));
    rig.open();
    rig.session();
    await rig.service.close();
    expect(receiver.received.map(typeOf)).toEqual(['session:start', 'session:end']);
  });
});
