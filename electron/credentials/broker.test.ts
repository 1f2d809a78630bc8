import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../../shared/profile.ts';
import type { StartProgress } from '../../shared/session.ts';
import { settle, TestClock } from '../sessions/testing/test-clock.ts';
import { CredentialBroker, type CredentialLease } from './broker.ts';
import { type Fetched, unavailable } from './value.ts';

const never = new AbortController().signal;

/** A source that a test answers by hand, or that gives what is set. */
class Source {
  readonly asked: string[] = [];
  readonly given: Buffer[] = [];
  answer: (() => Fetched | Promise<Fetched>) | null = null;
  #waiting: ((fetched: Fetched) => void)[] = [];
  aborted = 0;

  readonly fetch = (source: Credential['source'], signal: AbortSignal): Promise<Fetched> => {
    this.asked.push(source.kind === 'stored' ? source.name : source.kind);
    if (this.answer !== null) return Promise.resolve(this.answer());
    const { promise, resolve } = Promise.withResolvers<Fetched>();
    this.#waiting.push(resolve);
    signal.addEventListener('abort', () => {
      this.aborted += 1;
      resolve(unavailable('Aborted.', ''));
    });
    return promise;
  };

  give(value: string): void {
    this.#waiting.shift()?.(this.value(value));
  }

  fail(message: string): void {
    this.#waiting.shift()?.(unavailable(message, 'Mend it.'));
  }

  value(text: string): Fetched {
    const value = Buffer.from(text);
    this.given.push(value);
    return { ok: true, value };
  }
}

let clock: TestClock;
let source: Source;
let broker: CredentialBroker;
let leases: CredentialLease[];
let logged: string[];

beforeEach(() => {
  clock = new TestClock();
  source = new Source();
  logged = [];
  leases = [];
  const logger = { warn: (details: object, message: string) => void logged.push(JSON.stringify({ details, message })) };
  broker = new CredentialBroker({ clock, fetch: source.fetch, logger });
});

afterEach(() => {
  for (const lease of leases) lease[Symbol.dispose]();
  expect(broker.size).toBe(0);
  expect(clock.timers).toBe(0);
  // Whatever was fetched is overwritten.
  for (const value of source.given) expect(value.every((byte) => byte === 0)).toBe(true);
});

function credential(values: Partial<Credential> = {}): Credential {
  return { env: 'TOKEN', source: { kind: 'stored', name: 'token' }, ttlSeconds: 0, required: false, ...values };
}

function lease(definitions = [credential()], onChange = (): void => {}): CredentialLease {
  const made = broker.lease(definitions, onChange);
  leases.push(made);
  return made;
}

const values = (from: CredentialLease): string[] =>
  from.values.map(({ env, value }) => `${env}=${Buffer.from(value).toString()}`);

async function fetched(from: CredentialLease): Promise<CredentialLease> {
  await from.fetch(() => {}, never);
  return from;
}

describe('fetching', () => {
  test('sessions of the same credential share one fetch, and what it gave', async () => {
    const [one, two] = [lease(), lease()];
    const both = Promise.all([fetched(one), fetched(two)]);
    await settle();
    source.give('the value');
    await both;
    expect(values(await fetched(lease()))).toEqual(['TOKEN=the value']);
    expect(values(one)).toEqual(values(two));
    expect(source.asked).toEqual(['token']);
    expect(one.states).toEqual([{ env: 'TOKEN', state: 'ready', message: null }]);
    expect(one.failure).toBeNull();
  });

  test('what another session has fetched is there at once, also where one requires it and the other does not', async () => {
    source.answer = () => source.value('the value');
    await fetched(lease());
    const other = lease([credential({ required: true })]);
    expect(values(other)).toEqual(['TOKEN=the value']);
    await fetched(other);
    expect(source.asked).toHaveLength(1);
  });

  test('other definitions are other credentials', async () => {
    source.answer = () => source.value('the value');
    await fetched(
      lease([
        credential(),
        credential({ env: 'OTHER' }),
        credential({ env: 'THIRD', source: { kind: 'stored', name: 'x' } }),
      ]),
    );
    expect(source.asked).toEqual(['token', 'token', 'x']);
    expect(broker.size).toBe(3);
  });

  test('one that is missing is tried once more after 5 seconds, which is told', async () => {
    const told: StartProgress[] = [];
    const session = lease([credential(), credential({ env: 'OTHER', source: { kind: 'stored', name: 'other' } })]);
    const done = session.fetch((progress) => told.push(progress), never);
    await settle();
    source.fail('The keychain is locked.');
    source.give('of the other');
    await clock.advance(4_999);
    expect(source.asked).toEqual(['token', 'other']);
    await clock.advance(1);
    expect(source.asked).toEqual(['token', 'other', 'token']);
    source.give('the value');
    await done;
    expect(values(session)).toEqual(['TOKEN=the value', 'OTHER=of the other']);
    expect(told.map(({ message }) => message)).toContain('Fetching TOKEN and OTHER');
    expect(told).toContainEqual({
      stage: 'credentials',
      message: 'Fetching TOKEN',
      detail: 'The keychain is locked. Trying once more in 5 seconds',
      fraction: null,
    });
  });

  test('one that is still missing then is not asked for again until another session needs it, and then all get it', async () => {
    source.answer = () => unavailable('Nothing there.', 'Put it there.');
    const changes: string[] = [];
    const session = lease([credential()], () => changes.push(values(session).join()));
    const done = fetched(session);
    await clock.advance(5_000);
    await done;
    await clock.advance(1_000_000);
    expect(source.asked).toHaveLength(2);
    expect(session.states).toEqual([{ env: 'TOKEN', state: 'missing', message: 'Nothing there.' }]);
    expect(session.failure).toBeNull();
    source.answer = () => source.value('now there');
    await fetched(lease());
    expect(values(session)).toEqual(['TOKEN=now there']);
    expect(changes.at(-1)).toBe('TOKEN=now there');
  });

  test('a stored secret that is replaced is put into sessions that have the old value, or had none', async () => {
    source.answer = () => source.value('the old value');
    const other = credential({ env: 'OTHER', source: { kind: 'stored', name: 'other' } });
    const session = await fetched(lease([credential(), other]));
    source.answer = () => source.value('the new value');
    await broker.replaced('token');
    expect(values(session)).toEqual(['TOKEN=the new value', 'OTHER=the old value']);
    source.answer = () => unavailable('Nothing there.', 'Put it there.');
    const without = lease([credential({ env: 'THIRD', source: { kind: 'stored', name: 'third' } })]);
    const done = fetched(without);
    await clock.advance(5_000);
    await done;
    source.answer = () => source.value('now there');
    await broker.replaced('third');
    expect(values(without)).toEqual(['THIRD=now there']);
  });

  test('one that is replaced while its old value is still being fetched is fetched again', async () => {
    const session = lease();
    const done = fetched(session);
    await settle();
    const replaced = broker.replaced('token');
    source.give('the old value');
    await done;
    await settle();
    source.give('the new value');
    await replaced;
    expect(values(session)).toEqual(['TOKEN=the new value']);
    expect(source.asked).toHaveLength(2);
  });

  test('one that is required and missing is why a session does not start', async () => {
    source.answer = () => unavailable('Nothing there.', 'Put it there.');
    const session = lease([credential({ env: 'FINE' }), credential({ required: true })]);
    const done = fetched(session);
    await clock.advance(5_000);
    await done;
    expect(session.failure).toEqual({
      stage: 'credentials',
      message: 'TOKEN is required and not available. Nothing there.',
      hint: 'Put it there. Then open a new session.',
    });
    expect(logged.join()).toContain('Nothing there.');
  });

  test('a start that is cancelled is over at once, and what nobody else waits for is given up', async () => {
    const abort = new AbortController();
    const [one, two] = [lease(), lease()];
    const done = one.fetch(() => {}, abort.signal);
    const other = fetched(two);
    await settle();
    abort.abort();
    await done;
    one[Symbol.dispose]();
    expect(source.aborted).toBe(0);
    two[Symbol.dispose]();
    await other;
    expect(source.aborted).toBe(1);
    // Nothing is tried once more.
    await clock.advance(10_000);
    expect(source.asked).toHaveLength(1);
  });

  test('a value that comes when nobody needs it any more is overwritten', async () => {
    const gate = Promise.withResolvers<void>();
    source.answer = () => gate.promise.then(() => source.value('too late'));
    const session = lease();
    const done = fetched(session);
    session[Symbol.dispose]();
    gate.resolve();
    await done;
    expect(values(session)).toEqual([]);
  });
});

describe('replacing', () => {
  test('happens before the time is over, for all sessions, and once', async () => {
    source.answer = () => source.value(`value ${source.asked.length}`);
    const seen: string[] = [];
    const one = lease([credential({ ttlSeconds: 100 })], () => seen.push(values(one).join()));
    await fetched(one);
    const two = await fetched(lease([credential({ ttlSeconds: 100 })]));
    const { version } = one;
    await clock.advance(79_999);
    expect(source.asked).toHaveLength(1);
    await clock.advance(1);
    expect(source.asked).toHaveLength(2);
    expect([values(one), values(two)]).toEqual([['TOKEN=value 2'], ['TOKEN=value 2']]);
    expect(one.version).not.toBe(version);
    expect(seen).toContain('TOKEN=value 2');
    await clock.advance(800_000);
    expect(source.asked).toHaveLength(12);
    expect(source.given.slice(0, -1).every((value) => value.every((byte) => byte === 0))).toBe(true);
  });

  test('of a value that is good for long happens ten minutes before, also when the machine has slept', async () => {
    source.answer = () => source.value('the value');
    await fetched(lease([credential({ ttlSeconds: 2_592_000 })]));
    await clock.advance(2_592_000_000 - 600_001);
    expect(source.asked).toHaveLength(1);
    await clock.advance(1);
    expect(source.asked).toHaveLength(2);
    clock.suspend(2_592_000_000 - 600_000);
    broker.check();
    await settle();
    expect(source.asked).toHaveLength(3);
  });

  test('by the same value changes nothing', async () => {
    source.answer = () => source.value('the same value');
    const session = await fetched(lease([credential({ ttlSeconds: 10 })]));
    const { version } = session;
    await clock.advance(8_000);
    expect(source.asked).toHaveLength(2);
    expect(session.version).toBe(version);
    expect(values(session)).toEqual(['TOKEN=the same value']);
  });

  test('that fails leaves the old value in place, says so, and is tried again with growing pauses', async () => {
    source.answer = () => source.value('the old value');
    const session = await fetched(lease([credential({ ttlSeconds: 100 })]));
    source.answer = () => unavailable('The server is away.', '');
    const times: number[] = [];
    const began = clock.now();
    const { fetch } = source;
    let known = source.asked.length;
    for (let second = 0; second < 1_500; second += 1) {
      await clock.advance(1_000);
      if (source.asked.length > known) times.push((clock.now() - began) / 1_000);
      known = source.asked.length;
    }
    expect(fetch).toBe(source.fetch);
    expect(times).toEqual([80, 85, 95, 115, 155, 235, 395, 695, 995, 1_295]);
    expect(session.states).toEqual([{ env: 'TOKEN', state: 'stale', message: 'The server is away.' }]);
    expect(values(session)).toEqual(['TOKEN=the old value']);
    source.answer = () => source.value('the new value');
    await clock.advance(300_000);
    expect(session.states).toEqual([{ env: 'TOKEN', state: 'ready', message: null }]);
    expect(values(session)).toEqual(['TOKEN=the new value']);
    const asked = source.asked.length;
    await clock.advance(79_000);
    expect(source.asked.length - asked).toBeLessThanOrEqual(1);
  });

  test('is waited for by a session that starts when the old value’s time is over; what it requires must be good', async () => {
    source.answer = () => source.value('the old value');
    const old = await fetched(lease([credential({ ttlSeconds: 10 })]));
    source.answer = () => unavailable('The server is away.', '');
    await clock.advance(11_000);
    const session = lease([credential({ ttlSeconds: 10, required: true })]);
    const done = fetched(session);
    await clock.advance(20_000);
    await done;
    expect(session.failure?.message).toBe('TOKEN is required and not available. The server is away.');
    expect(values(old)).toEqual(['TOKEN=the old value']);
  });

  test('ends with the last session', async () => {
    source.answer = () => source.value('the value');
    const [one, two] = [
      await fetched(lease([credential({ ttlSeconds: 10 })])),
      await fetched(lease([credential({ ttlSeconds: 10 })])),
    ];
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await clock.advance(8_000);
    expect(source.asked).toHaveLength(2);
    two[Symbol.dispose]();
    await clock.advance(100_000);
    expect(source.asked).toHaveLength(2);
    expect(values(two)).toEqual([]);
  });
});
