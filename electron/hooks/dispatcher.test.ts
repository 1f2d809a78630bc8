import { describe, expect, test } from 'vitest';
import { DispatcherRig, FAILED, hook, OK } from './testing/dispatcher-rig.ts';

const MAX_ATTEMPTS = 16;

const MAX_ATTEMPTS_PER_HOOK = 4;

const BUSY = { kind: 'failed', words: '429 Too Many Requests', retryAfterMs: null, busy: true } as const;

function outcomes(rig: DispatcherRig, name: string): readonly (readonly [string, string, number])[] {
  return rig.list(name).map(({ event, state, attempts }) => [event, state, attempts]);
}

describe('what a hook is owed', () => {
  test('is delivered at once, in the order of the session', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.enqueue(['a'], 2);
    await rig.settle();
    expect(rig.attempts.map((each) => each.delivery.event)).toEqual([
      'session:start',
      'session:extended',
      'session:extended',
      'session:end',
    ]);
    expect(rig.outbox.counts('a')).toMatchObject({
      pending: 0,
      deadLetters: 0,
      last: { outcome: '204 No Content in 0.1 s' },
    });
    expect(rig.clock.timers).toBe(0);
  });

  test('waits for what is before it in its lane, and not for other lanes', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => null;
    const old = rig.enqueue(['a']);
    const fresh = rig.enqueue(['a'], 0, old);
    const other = rig.enqueue(['a']);
    await rig.settle();
    const started = (): readonly (readonly [string | null, string])[] =>
      rig.attempts.map(({ delivery }) => [delivery.sessionId, delivery.event]);
    expect(started()).toEqual([
      [old.id, 'session:start'],
      [other.id, 'session:start'],
    ]);
    rig.attempts[0]?.finish(OK);
    await rig.settle();
    rig.attempts[2]?.finish(OK);
    await rig.settle();
    expect(started().slice(2)).toEqual([
      [old.id, 'session:end'],
      [fresh.id, 'session:start'],
    ]);
  });

  test('is tried again after growing pauses, and given up after the last try', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => FAILED;
    rig.enqueue(['a']);
    // Without jitter, half of 4, 16, 64 and 256 s.
    await rig.clock.advance(2_000 + 8_000 + 32_000 + 128_000);
    const first = rig.attempts.filter((each) => each.delivery.event === 'session:start');
    const [began = 0] = first.map((each) => each.at);
    expect(first.map((each) => each.at - began)).toEqual([0, 2_000, 10_000, 42_000, 170_000]);
    expect(rig.list('a')[0]).toMatchObject({
      state: 'dead-letter',
      attempts: 5,
      outcome: 'refused; failed after 5 attempts',
    });
    // Only then is it the next one's turn.
    expect(rig.attempts.findIndex((each) => each.delivery.event === 'session:end')).toBe(5);
  });

  test('keeps its id and its bytes at each try', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => (rig.attempts.length < 4 ? FAILED : OK);
    rig.enqueue(['a']);
    await rig.clock.advance(60_000);
    const tries = rig.attempts.filter((each) => each.delivery.event === 'session:start');
    expect(tries.length).toBe(4);
    expect(new Set(tries.map(({ delivery }) => `${delivery.eventId} ${delivery.body}`)).size).toBe(1);
  });

  test('waits as long as its receiver asks, and so does all else for that receiver', async () => {
    await using rig = new DispatcherRig(['a', 'b']);
    rig.answer = ({ hook: to }) => (to === 'a' && rig.attempts.length < 3 ? { ...BUSY, retryAfterMs: 120_000 } : OK);
    rig.enqueue(['a']);
    await rig.settle();
    rig.enqueue(['a', 'b']);
    await rig.clock.advance(119_000);
    expect(rig.attempts.map((each) => each.hook)).toEqual(['a', 'b', 'b']);
    expect(rig.dispatcher.isPaused('a')).toBe(true);
    expect(rig.dispatcher.isPaused('b')).toBe(false);
    await rig.clock.advance(2_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
    expect(rig.dispatcher.isPaused('a')).toBe(false);
  });

  test('goes on as soon as its receiver is to be asked again', async () => {
    await using rig = new DispatcherRig(['a'], { retry: { attempts: 5, initialBackoffMs: 200, maxBackoffMs: 400 } });
    rig.answer = () => (rig.attempts.length < 2 ? BUSY : OK);
    rig.enqueue(['a']);
    await rig.settle();
    rig.enqueue(['a']);
    await rig.clock.advance(99);
    expect(rig.attempts).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.outbox.counts('a').pending).toBe(0);
  });

  test('does not wait for hours because one event has met a busy receiver again and again', async () => {
    const retry = { attempts: 50, initialBackoffMs: 1_000, maxBackoffMs: 36_000_000 };
    await using rig = new DispatcherRig(['a'], { retry });
    const poison = rig.enqueue(['a']);
    rig.answer = ({ delivery }) => (delivery.sessionId === poison.id ? BUSY : OK);
    await rig.clock.advance(36_000_000);
    const fresh = rig.enqueue(['a']);
    await rig.clock.advance(60_000);
    const delivered = rig.list('a').filter(({ state }) => state === 'delivered');
    expect(delivered.map(({ sessionId }) => sessionId)).toEqual([fresh.id, fresh.id]);
  });

  test('does not wait longer than the longest pause, whatever the receiver asks', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => (rig.attempts.length < 2 ? { ...BUSY, retryAfterMs: 10 ** 12 } : OK);
    rig.enqueue(['a']);
    await rig.clock.advance(601_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
  });

  test('is not sent any more once the receiver wants no more', async () => {
    await using rig = new DispatcherRig(['a', 'b']);
    rig.answer = ({ hook: to }) => (to === 'a' ? { kind: 'gone', words: '410 Gone' } : OK);
    rig.enqueue(['a', 'b'], 3);
    await rig.settle();
    expect(rig.gone).toEqual(['a']);
    expect(rig.attempts.filter((each) => each.hook === 'a')).toHaveLength(1);
    expect(outcomes(rig, 'a').map(([, state]) => state)).toEqual([
      'dead-letter',
      'dropped',
      'dropped',
      'dropped',
      'dropped',
    ]);
    expect(rig.list('a')[0]?.outcome).toBe('410 Gone: the endpoint wants no more events');
    expect(rig.outbox.counts('b').pending).toBe(0);
  });

  test('is tried at once when somebody asks, and counted from the beginning', async () => {
    await using rig = new DispatcherRig(['a'], {
      retry: { attempts: 2, initialBackoffMs: 1_000, maxBackoffMs: 1_000 },
    });
    rig.answer = () => ({ ...BUSY, retryAfterMs: 1_000 });
    rig.enqueue(['a']);
    await rig.clock.advance(10_000);
    expect(outcomes(rig, 'a').map(([, state]) => state)).toEqual(['dead-letter', 'dead-letter']);
    rig.answer = () => OK;
    expect(rig.outbox.requeue('a', null, rig.clock.wall())).toBe(2);
    rig.dispatcher.retryNow('a');
    await rig.settle();
    expect(outcomes(rig, 'a').map(([, state]) => state)).toEqual(['delivered', 'delivered']);
  });

  test('stays owed while its hook cannot be used, and is delivered when it can again', async () => {
    await using rig = new DispatcherRig(['a']);
    const { hooks } = rig;
    rig.hooks = [];
    rig.enqueue(['a']);
    await rig.clock.advance(3_600_000);
    expect(rig.attempts).toEqual([]);
    rig.hooks = hooks;
    rig.dispatcher.wake();
    await rig.settle();
    expect(rig.outbox.counts('a').pending).toBe(0);
  });

  test('an attempt that fails because of a bug counts as an attempt', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => {
      if (rig.attempts.length === 1) throw new Error('bug');
      return OK;
    };
    rig.enqueue(['a']);
    await rig.settle();
    expect(rig.list('a')[0]).toMatchObject({
      state: 'pending',
      attempts: 1,
      outcome: 'failed unexpectedly; the log has the details',
    });
    await rig.clock.advance(60_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
  });
});

describe('hooks among each other', () => {
  test('a hook that hangs has only so many tries, and holds up nobody', async () => {
    await using rig = new DispatcherRig(['hangs', 'works']);
    rig.answer = ({ hook: to }) => (to === 'hangs' ? null : OK);
    for (let each = 0; each < 50; each += 1) rig.enqueue(['hangs', 'works']);
    await rig.settle();
    await rig.settle();
    expect(rig.attempts.filter((each) => each.hook === 'hangs')).toHaveLength(MAX_ATTEMPTS_PER_HOOK);
    expect(rig.outbox.counts('works')).toMatchObject({ pending: 0 });
  });

  test('sessions whose tries hang do not hold up other sessions of their hook, as long as there is room', async () => {
    await using rig = new DispatcherRig(['a']);
    const stuck = new Set([rig.enqueue(['a']), rig.enqueue(['a']), rig.enqueue(['a'])].map(({ id }) => id));
    rig.answer = ({ delivery }) => (stuck.has(delivery.sessionId ?? '') ? null : OK);
    for (let each = 0; each < 50; each += 1) rig.enqueue(['a']);
    for (let turn = 0; turn < 40; turn += 1) await rig.settle();
    expect(rig.outbox.counts('a').pending).toBe(6);
  });

  test('a pause that is over is noticed though another try of the hook still runs', async () => {
    await using rig = new DispatcherRig(['a']);
    const stuck = rig.enqueue(['a']);
    const other = rig.enqueue(['a']);
    rig.answer = ({ delivery }) => {
      if (delivery.sessionId === stuck.id) return null;
      return rig.attempts.length < 3 ? FAILED : OK;
    };
    await rig.clock.advance(4_000);
    const delivered = rig.list('a').filter(({ state }) => state === 'delivered');
    expect(delivered.map(({ sessionId }) => sessionId)).toEqual([other.id, other.id]);
  });

  test('hooks that have much to do get as many tries each', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `h${index}`);
    await using rig = new DispatcherRig(names);
    rig.answer = () => null;
    for (let each = 0; each < 60; each += 1) rig.enqueue(names);
    for (let turn = 0; turn < 24; turn += 1) {
      await rig.settle();
      for (const each of rig.running) each.finish(OK);
    }
    const counts = names.map((name) => rig.attempts.filter((each) => each.hook === name).length);
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 2);
  });

  test('however many hang, another one is served', async () => {
    const hanging = Array.from({ length: 20 }, (_, index) => `hangs-${index}`);
    await using rig = new DispatcherRig([...hanging, 'works']);
    rig.answer = ({ hook: to }) => (to === 'works' ? OK : null);
    for (let each = 0; each < 10; each += 1) rig.enqueue([...hanging, 'works']);
    for (let turn = 0; turn < 20; turn += 1) await rig.settle();
    expect(rig.outbox.counts('works')).toMatchObject({ pending: 0 });
    // Each hangs with one at least; more only as long as there is room for all.
    for (const name of hanging) expect(rig.attempts.some((each) => each.hook === name)).toBe(true);
    expect(rig.most.all).toBeLessThanOrEqual(MAX_ATTEMPTS + hanging.length);
  });

  test('a hook that fails all the time does not slow down the others', async () => {
    await using rig = new DispatcherRig(['fails', 'works']);
    rig.answer = ({ hook: to }) => (to === 'fails' ? FAILED : OK);
    for (let each = 0; each < 200; each += 1) rig.enqueue(['fails', 'works']);
    for (let turn = 0; turn < 60; turn += 1) await rig.settle();
    expect(rig.outbox.counts('works').pending).toBe(0);
    expect(rig.outbox.counts('fails').pending).toBe(400);
    expect(rig.most.hook).toBeLessThanOrEqual(MAX_ATTEMPTS_PER_HOOK);
  });
});

describe('a ledger that throws', () => {
  test('is asked again, less and less often, and nothing is lost', async () => {
    await using rig = new DispatcherRig(['a']);
    let asked = 0;
    let isLocked = true;
    rig.fault = () => {
      asked += 1;
      if (isLocked) throw new Error('database is locked');
    };
    rig.enqueue(['a']);
    for (let second = 0; second < 120; second += 1) {
      rig.dispatcher.wake();
      await rig.clock.advance(1_000);
    }
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(20);
    isLocked = false;
    await rig.clock.advance(31_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
    expect(rig.attempts).toHaveLength(2);
  });

  test('when it should learn what was delivered does not have it delivered twice', async () => {
    await using rig = new DispatcherRig(['a', 'b']);
    let isLocked = true;
    rig.fault = (method) => {
      if (isLocked && method === 'complete') throw new Error('database is locked');
    };
    rig.enqueue(['a', 'b']);
    await rig.clock.advance(60_000);
    expect(rig.attempts.map((each) => each.hook).sort()).toEqual(['a', 'b']);
    isLocked = false;
    await rig.clock.advance(60_000);
    expect(rig.attempts).toHaveLength(4);
    for (const name of ['a', 'b'])
      expect(outcomes(rig, name)).toEqual([
        ['session:start', 'delivered', 1],
        ['session:end', 'delivered', 1],
      ]);
  });
});

describe('a wall clock that is set', () => {
  test.each([
    ['back by an hour', -3_600_000],
    ['back by a year', -365 * 86_400_000],
    ['forward by a day', 86_400_000],
    ['forward by a century', 100 * 365 * 86_400_000],
  ])('%s delays no try, and costs one at most', async (_name, jumpMs) => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => FAILED;
    rig.enqueue(['a']);
    await rig.clock.advance(1_000);
    rig.clock.setWall(jumpMs);
    await rig.clock.advance(2_000);
    expect(rig.attempts.length).toBeGreaterThanOrEqual(2);
    expect(rig.attempts.length).toBeLessThanOrEqual(3);
    rig.clock.setWall(-jumpMs);
    rig.answer = () => OK;
    await rig.clock.advance(62_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
    const fresh = rig.enqueue(['a']);
    await rig.settle();
    expect(rig.attempts.at(-1)?.delivery).toMatchObject({ sessionId: fresh.id, event: 'session:end' });
  });

  test('while Sandglass did not run delays nothing beyond the longest pause', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.enqueue(['a']);
    const [due] = rig.outbox.due(['a'], rig.clock.wall(), 1);
    if (due === undefined) throw new Error('Nothing is due');
    // As an earlier run left it, whose clock was decades ahead.
    const nextAt = Date.UTC(2080, 0, 1);
    rig.store.connection.run('UPDATE deliveries SET ready_at = ? WHERE id = ?', nextAt, due.id);
    await rig.clock.advance(601_000);
    expect(rig.outbox.counts('a').pending).toBe(0);
  });

  test('and a machine that slept have what is due tried when it wakes up', async () => {
    await using rig = new DispatcherRig(['a']);
    rig.answer = () => (rig.attempts.length < 2 ? FAILED : OK);
    rig.enqueue(['a']);
    await rig.settle();
    rig.clock.suspend(3_600_000);
    await rig.clock.advance(1);
    expect(rig.outbox.counts('a').pending).toBe(0);
  });
});

describe('the close', () => {
  test('leaves no timer, and starts nothing any more', async () => {
    const rig = new DispatcherRig(['a']);
    rig.answer = () => FAILED;
    rig.enqueue(['a']);
    await rig.settle();
    expect(rig.clock.timers).toBe(1);
    await rig.dispatcher.close();
    expect(rig.clock.timers).toBe(0);
    rig.enqueue(['a']);
    await rig.clock.advance(600_000);
    expect(rig.attempts).toHaveLength(1);
    rig.store[Symbol.dispose]();
  });

  test('lets what goes quickly go out', async () => {
    const rig = new DispatcherRig(['a']);
    rig.enqueue(['a'], 20);
    await rig.dispatcher.close();
    expect(rig.outbox.counts('a').pending).toBe(0);
    rig.store[Symbol.dispose]();
  });

  test('ends tries that take longer, which stay owed; what got through counts', async () => {
    const rig = new DispatcherRig(['a', 'b']);
    rig.answer = () => null;
    rig.enqueue(['a', 'b']);
    await rig.settle();
    for (const each of rig.running) {
      if (each.hook === 'b')
        each.signal.addEventListener('abort', () => each.finish(OK), { once: true, capture: true });
    }
    const began = rig.clock.now();
    const closed = rig.dispatcher.close();
    await rig.clock.advance(399);
    expect([...rig.running].some((each) => each.signal.aborted)).toBe(false);
    await rig.clock.advance(1);
    await closed;
    expect(rig.clock.now() - began).toBeLessThan(1_000);
    expect(outcomes(rig, 'a')[0]).toEqual(['session:start', 'pending', 0]);
    expect(rig.clock.timers).toBe(0);
    rig.store[Symbol.dispose]();
  });

  test('does not wait for a try that cannot be ended', async () => {
    const rig = new DispatcherRig(['a']);
    rig.answer = () => null;
    rig.enqueue(['a']);
    await rig.settle();
    const [attempt] = rig.running;
    if (attempt === undefined) throw new Error('Nothing runs');
    Object.defineProperty(attempt.signal, 'aborted', { value: false });
    const closed = rig.dispatcher.close();
    await rig.clock.advance(1_000);
    await closed;
    rig.store[Symbol.dispose]();
  });

  test('starts no program that would have to be ended at once', async () => {
    const rig = new DispatcherRig([]);
    rig.hooks = [hook('program', { action: { kind: 'run', file: 'x', args: [] } }), hook('webhook')];
    rig.store.wanting = () => ['program', 'webhook'];
    rig.enqueue(['program', 'webhook']);
    await rig.dispatcher.close();
    expect(new Set(rig.attempts.map((each) => each.hook))).toEqual(new Set(['webhook']));
    expect(rig.outbox.counts('program').pending).toBe(2);
    rig.store[Symbol.dispose]();
  });

  test('resolves although the ledger throws', async () => {
    const rig = new DispatcherRig(['a']);
    rig.fault = () => {
      throw new Error('closed');
    };
    rig.enqueue(['a']);
    await rig.dispatcher.close();
    await rig.dispatcher.close();
    rig.store[Symbol.dispose]();
  });
});

test('a hook that is forgotten has its tries ended, and they count for nothing', async () => {
  await using rig = new DispatcherRig(['a', 'b']);
  rig.answer = ({ hook: to }) => (to === 'a' ? null : OK);
  rig.enqueue(['a', 'b']);
  await rig.settle();
  rig.outbox.drop('a', 'dropped: the hook was removed', rig.clock.wall());
  rig.hooks = rig.hooks.filter((each) => each.name !== 'a');
  rig.dispatcher.forget('a');
  await rig.settle();
  expect(rig.running.size).toBe(0);
  expect(outcomes(rig, 'a')).toEqual([
    ['session:start', 'dropped', 0],
    ['session:end', 'dropped', 0],
  ]);
});
