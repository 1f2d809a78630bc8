import { describe, expect, it } from 'vitest';
import { type SessionEvent, sessionEventSchema } from '../../shared/session.ts';
import { policySchema } from '../../shared/settings.ts';
import { managerWith, size } from './testing/manager-rig.ts';
import { profileWith } from './testing/profiles.ts';
import { settle } from './testing/test-clock.ts';

const EVICTION_MS = 300_000;

/** Starts and ends, as they were emitted. */
const emittedOf = (log: readonly string[]): string[] => log.filter((entry) => /^session:(start|end) /.test(entry));

describe('the manager', () => {
  it('refuses one session more than may be open, with this message', async () => {
    const { manager } = managerWith({ concurrent: 2 });
    const first = manager.open(size);
    manager.open(size);
    expect(() => manager.open(size)).toThrow('Maximum concurrent sessions (2) exceeded');
    await first.end('closed');
    expect(() => manager.open(size)).not.toThrow();
    await manager.quit();
  });

  it('emits that it refused one, with an id that no session has, and counts it', async () => {
    const { manager } = managerWith({ concurrent: 1 });
    const emitted: SessionEvent[] = [];
    manager.open(size);
    manager.on('event', ({ event }) => emitted.push(event));
    for (let turn = 0; turn < 2; turn += 1) expect(() => manager.open(size)).toThrow('exceeded');
    expect(emitted).toMatchObject([
      { type: 'session:limit', profileId: 'local', backend: 'pty', running: 1, max: 1 },
      { type: 'session:limit' },
    ]);
    for (const event of emitted) sessionEventSchema.parse(event);
    const ids = new Set([...emitted.map(({ sessionId }) => sessionId), ...manager.list().map(({ id }) => id)]);
    expect(ids.size).toBe(3);
    expect(manager.metrics()).toMatchObject({ refused: 2, total: 1 });
    await manager.quit();
  });

  it('refuses sessions while the policy cannot be read', async () => {
    const { manager, setPolicy } = managerWith();
    setPolicy({ ok: false, file: '/etc/policy.json', why: 'damaged', message: 'The policy file is damaged.' });
    expect(() => manager.open(size)).toThrow('The policy file is damaged.');
    await manager.quit();
  });

  it('refuses a profile that is not there', async () => {
    const { manager } = managerWith();
    expect(() => manager.open({ ...size, profileId: 'gone' })).toThrow('There is no profile “gone”');
    await manager.quit();
  });

  it('requires recordings when the policy does', async () => {
    const { manager, setPolicy } = managerWith();
    setPolicy({ ok: true, policy: policySchema.parse({ requireRecording: true }), file: null });
    expect(manager.open(size).profile.recording).toBe('required');
    await manager.quit();
  });

  it('keeps an ended or failed session for five minutes, and not longer', async () => {
    const { backend, clock, manager } = managerWith();
    backend.fail = { ok: false, failure: { stage: 'shell', message: 'No shell.', hint: 'Install one.' } };
    const failed = manager.open(size);
    await failed.started;
    const evicted: string[] = [];
    manager.on('evicted', (id) => evicted.push(id));
    await clock.advance(EVICTION_MS - 1);
    expect(manager.get(failed.id)?.ended?.reason).toBe('start_failed');
    await clock.advance(1);
    expect(manager.get(failed.id)).toBeUndefined();
    expect(evicted).toEqual([failed.id]);
    await manager.quit();
  });

  it('asks before it closes a tab in which a command runs', async () => {
    const { backend, manager } = managerWith();
    const session = manager.open(size);
    await session.started;
    backend.last.inFront = { isShell: false, command: 'vim' };
    expect(await manager.close(session.id, false)).toEqual({ foreground: 'vim', background: [] });
    expect(session.ended).toBeNull();
    const removed: string[] = [];
    manager.on('removed', (id) => removed.push(id));
    expect(await manager.close(session.id, true)).toBeNull();
    expect(session.ended?.reason).toBe('closed');
    expect(removed).toEqual([session.id]);
    expect(manager.list()).toEqual([]);
    await manager.quit();
  });

  it('finds in the sweep what a timer missed, and says that it did', async () => {
    const { clock, logger, manager } = managerWith({ idle: 100 });
    const session = manager.open(size);
    await session.started;
    clock.suspend(200_000);
    manager.sweep();
    // First it is probed whether a command is at work.
    await clock.advance(0);
    expect((await session.end('closed')).reason).toBe('idle_timeout');
    // No timer of it fired, and it has run out all the same.
    expect(manager.metrics()).toMatchObject({ expired: 1, lateness: { count: 0 } });
    expect(logger.complaints).toEqual(['The sweep found a session past its deadline']);
    expect(manager.metrics().swept).toBe(1);
    await manager.quit();
  });

  it('judges every deadline when the machine wakes up', async () => {
    const { clock, manager } = managerWith({ max: 3_600 });
    const session = manager.open(size);
    await session.started;
    clock.suspend(7_200_000);
    manager.clockChanged();
    expect((await session.end('closed')).reason).toBe('max_duration');
    await manager.quit();
  });

  it('holds new settings against running sessions at once, and leaves them the time of the last warning', async () => {
    const { clock, manager, preferences, settingsChanged } = managerWith({ idle: 1_000 });
    const session = manager.open(size);
    await session.started;
    await clock.advance(500_000);
    preferences.limits.local = { idleTimeoutSeconds: 400, maxDurationSeconds: 0 };
    const endings = manager.endingsOf(() => settingsChanged());
    expect(endings).toEqual([{ id: session.id, title: session.title, seconds: 10, outcome: 'close' }]);
    await clock.advance(9_999);
    expect(session.isEnding).toBe(false);
    await clock.advance(1);
    expect(session.ended).toMatchObject({ reason: 'idle_timeout', limitSeconds: 400, elapsedSeconds: 510 });
    expect(manager.metrics()).toMatchObject({ expired: 1, endedByReason: { idle_timeout: 1 } });
    await manager.quit();
  });

  it('keeps tabs in the order they were put into', async () => {
    const { manager } = managerWith();
    const [a, b, c] = [manager.open(size).id, manager.open(size).id, manager.open(size).id];
    manager.reorder([c, 'unknown', a]);
    expect(manager.list().map((session) => session.id)).toEqual([c, a, b]);
    await manager.quit();
  });

  it('notifies windows of activity at most once a second, and has no timer while there is none', async () => {
    const { backend, clock, manager } = managerWith({ interval: 86_400 });
    const session = manager.open(size);
    await session.started;
    const emitted: number[] = [];
    manager.on('timing', (timing) => emitted.push(timing.length));
    for (let turn = 0; turn < 300; turn += 1) {
      backend.last.print('x');
      await clock.advance(10);
    }
    expect(emitted.length).toBeLessThanOrEqual(3);
    await clock.advance(2_000);
    expect(clock.timers).toBe(1);
    await manager.quit();
    expect(clock.timers).toBe(0);
  });

  it('ends every session on quit, each once and in the order of their start, and opens no more', async () => {
    const { clock, log, manager } = managerWith();
    const sessions = [manager.open(size), manager.open(size), manager.open(size)];
    await Promise.all(sessions.map((session) => session.started));
    await Promise.all([manager.quit(), manager.quit()]);
    expect(log.filter((entry) => entry.startsWith('session:end'))).toEqual(
      sessions.map((session) => `session:end ${session.id}`),
    );
    expect(sessions.every((session) => session.ended?.reason === 'app_quit')).toBe(true);
    expect(() => manager.open(size)).toThrow('Sandglass is quitting.');
    expect(clock.timers).toBe(0);
  });

  it('does not wait longer than 5 s for a session that will not end', async () => {
    const { backend, clock, log, logger, manager } = managerWith();
    const session = manager.open(size);
    await session.started;
    backend.last.terminate = () => new Promise(() => {});
    const quitting = manager.quit();
    await clock.advance(3_000);
    expect(log).toContain('kill all');
    await clock.advance(2_000);
    await quitting;
    expect(logger.complaints).toEqual(['Sessions did not end in time']);
  });

  it('counts what it saw', async () => {
    const { backend, clock, manager } = managerWith({ idle: 100 });
    const idle = manager.open(size);
    await idle.started;
    backend.last.print('12345');
    await clock.advance(40_000);
    const young = manager.open(size);
    await young.started;
    expect(manager.metrics()).toMatchObject({
      total: 2,
      active: 2,
      oldestAgeSeconds: 40,
      newestAgeSeconds: 0,
      averageAgeSeconds: 20,
      bytesOut: 5,
    });
    await clock.advance(60_000);
    expect(manager.metrics()).toMatchObject({
      active: 1,
      endedByReason: { idle_timeout: 1 },
      expired: 1,
      lateness: { count: 1, maxMs: 0 },
    });
    await manager.quit();
  });
});

describe('a session in the place of another', () => {
  it('is not opened before that one has ended', async () => {
    const { manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    expect(() => manager.open({ ...size, previousId: first.id })).toThrow('has not ended yet');
    await expect(manager.openAfter({ ...size, previousId: first.id })).rejects.toThrow('has not ended yet');
    expect(first.ended).toBeNull();
    await manager.quit();
  });

  it('waits for the end that is on its way, and starts after it was emitted', async () => {
    const { backend, log, manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    const ladder = Promise.withResolvers<void>();
    const { last } = backend;
    const terminate = last.terminate.bind(last);
    last.terminate = async (graceMs) => {
      await ladder.promise;
      return terminate(graceMs);
    };
    void first.end('auto_reset', { expired: 'idle_timeout' });
    const opening = manager.openAfter({ ...size, previousId: first.id });
    await settle();
    expect(manager.live).toHaveLength(1);
    ladder.resolve();
    const second = await opening;
    expect(second.previousId).toBe(first.id);
    expect(emittedOf(log)).toEqual([
      `session:start ${first.id}`,
      `session:end ${first.id}`,
      `session:start ${second.id}`,
    ]);
    await manager.quit();
  });

  it('is one, however many windows ask for it, also when one of them has forgotten the old tab', async () => {
    const { clock, log, manager } = managerWith({ idle: 100, onExpiry: 'reset' });
    const first = manager.open(size);
    await first.started;
    await clock.advance(100_000);
    expect(first.ended).toMatchObject({ reason: 'auto_reset', expired: 'idle_timeout', limitSeconds: 100 });
    const again = { ...size, previousId: first.id };
    const [a, b] = await Promise.all([manager.openAfter(again), manager.openAfter(again)]);
    expect(b).toBe(a);
    manager.dismiss(first.id);
    expect(await manager.openAfter(again)).toBe(a);
    expect(emittedOf(log).filter((entry) => entry.startsWith('session:start'))).toHaveLength(2);
    await manager.quit();
  });

  it('is one also when the old one is long forgotten, and only windows show it still', async () => {
    const { clock, manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    await first.end('auto_reset', { expired: 'idle_timeout' });
    await clock.advance(EVICTION_MS);
    expect(manager.get(first.id)).toBeUndefined();
    const again = { ...size, previousId: first.id, profileId: 'local' };
    const second = manager.open(again);
    expect(second.previousId).toBe(first.id);
    expect(manager.open(again)).toBe(second);
    await manager.quit();
  });

  it('may be a second one once the first successor has ended', async () => {
    const { manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    await first.end('auto_reset', { expired: 'idle_timeout' });
    const second = manager.open({ ...size, previousId: first.id });
    await second.started;
    await second.end('closed');
    const third = manager.open({ ...size, previousId: first.id });
    expect(third).not.toBe(second);
    await manager.quit();
  });

  it('may be there beside others where the old one ended for any other reason', async () => {
    const { manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    await first.end('closed');
    const again = { ...size, previousId: first.id };
    expect(manager.open(again)).not.toBe(manager.open(again));
    await manager.quit();
  });

  it('has its profile, its place among the tabs, and the name that the user gave it', async () => {
    const { manager } = managerWith();
    const [first, other] = [manager.open({ ...size, profileId: 'other' }), manager.open(size)];
    await Promise.all([first.started, other.started]);
    first.rename('Mine');
    await first.end('auto_reset', { expired: 'max_duration' });
    const second = manager.open({ ...size, previousId: first.id });
    await second.started;
    expect(second.info()).toMatchObject({ profileId: 'other', title: 'Mine' });
    expect(manager.list()).toEqual([first, second, other]);
    await manager.quit();
  });
});

describe('a restart', () => {
  it('ends a session with reset and opens a fresh one of its profile as it is now, of the same size', async () => {
    const { log, manager, profiles } = managerWith();
    const first = manager.open({ cols: 100, rows: 30 });
    await first.started;
    profiles.set('local', profileWith({ args: ['-l'] }));
    const second = await manager.restart(first.id, false);
    if ('running' in second) throw new Error('Nothing runs');
    await second.started;
    expect(first.ended?.reason).toBe('reset');
    expect(second.info()).toMatchObject({ previousId: first.id, profileId: 'local', cols: 100, rows: 30 });
    expect(second.profile.args).toEqual(['-l']);
    expect(emittedOf(log)).toEqual([
      `session:start ${first.id}`,
      `session:end ${first.id}`,
      `session:start ${second.id}`,
    ]);
    await manager.quit();
  });

  it('asks about a running command first', async () => {
    const { backend, manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    backend.last.inFront = { isShell: false, command: 'make' };
    expect(await manager.restart(first.id, false)).toEqual({ running: { foreground: 'make', background: [] } });
    expect(first.ended).toBeNull();
    await manager.restart(first.id, true);
    expect(first.ended?.reason).toBe('reset');
    await manager.quit();
  });

  it.each<[string, (rig: ReturnType<typeof managerWith>) => void, string]>([
    ['its profile is gone', ({ profiles }) => profiles.delete('local'), 'There is no profile “local”'],
    [
      'the policy cannot be read',
      ({ setPolicy }) => setPolicy({ ok: false, file: '/p', why: 'damaged', message: 'The policy is damaged.' }),
      'The policy is damaged.',
    ],
    [
      'there are too many without it',
      ({ preferences }) => {
        preferences.sessions.maxConcurrentSessions = 1;
      },
      'Maximum concurrent sessions (1) exceeded',
    ],
  ])('ends nothing when %s', async (_why, change, message) => {
    const rig = managerWith();
    const { manager } = rig;
    const [first, other] = [manager.open(size), manager.open(size)];
    await Promise.all([first.started, other.started]);
    change(rig);
    await expect(manager.restart(first.id, true)).rejects.toThrow(message);
    expect(first.ended).toBeNull();
    await manager.quit();
  });

  it('needs no room beside the session that it ends', async () => {
    const { manager } = managerWith({ concurrent: 1 });
    const first = manager.open(size);
    await first.started;
    await manager.restart(first.id, false);
    expect(manager.live).toHaveLength(1);
    await manager.quit();
  });

  it('is one, however many windows ask for it', async () => {
    const { log, manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    const [a, b] = await Promise.all([manager.restart(first.id, true), manager.restart(first.id, true)]);
    expect(b).toBe(a);
    manager.dismiss(first.id);
    expect(await manager.restart(first.id, true)).toBe(a);
    expect(emittedOf(log).filter((entry) => entry.startsWith('session:start'))).toHaveLength(2);
    await manager.quit();
  });

  it('of an ended session opens a fresh one beside it, and of one that is not there is refused', async () => {
    const { manager } = managerWith();
    const first = manager.open(size);
    await first.started;
    await first.end('closed');
    const second = await manager.restart(first.id, false);
    expect(second).toMatchObject({ previousId: first.id });
    expect(first.ended?.reason).toBe('closed');
    await expect(manager.restart('01M7Y85E6BXST0XRN70G4B9GBG', false)).rejects.toMatchObject({
      code: 'unknown_session',
    });
    await manager.quit();
  });
});
