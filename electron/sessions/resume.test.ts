import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../shared/session.ts';
import type { UnfinishedSession } from '../journal/journal.ts';
import { METADATA, SESSION_ID, STARTED_AT } from '../recording/testing/recordings.ts';
import { type Earlier, earlierSession, type LeftSession, type ResumeFacts } from './resume.ts';
import type { EarlierSession } from './session-options.ts';
import { limitsWith } from './testing/limits.ts';
import { openSession, user } from './testing/open-session.ts';

const MINUTE = 60_000;
const { events: _events, endedAt: _at, durationSeconds: _seconds, end: _end, recording: _file, ...record } = METADATA;
/** Idle after 15 minutes, over after an hour, twice extended by half an hour. */
const LIMITS = limitsWith({ idleTimeoutSeconds: 900, maxDurationSeconds: 3_600, warnBeforeSeconds: [300, 60] });

const base = (atMs: number) => ({ id: `e${atMs}`, sessionId: SESSION_ID, at: STARTED_AT + atMs });
const states = (...to: Extract<SessionEvent, { type: 'session:state' }>['to'][]): SessionEvent[] =>
  to.map((state, index) => ({ ...base(index), type: 'session:state', from: 'starting', to: state }));
const extended = (atMs: number, used: number): SessionEvent => ({
  ...base(atMs),
  type: 'session:extended',
  by: 'user',
  seconds: 1_800,
  used,
  count: 2,
});
const frozen = (atMs: number, by: 'idle_timeout' | null): SessionEvent => ({
  ...base(atMs),
  type: 'session:frozen',
  by,
});

/** A session that was used ten minutes after its start, and whose app died two minutes later. */
const left = (changes: Partial<UnfinishedSession> = {}): UnfinishedSession => ({
  record,
  events: states('waiting', 'running'),
  heartbeatMs: 12 * MINUTE,
  lastActivityMs: 10 * MINUTE,
  ...changes,
});
/** Found so long after its start, by the wall clock. */
const found = (afterMs: number, unfinished = left(), facts: Partial<ResumeFacts> = {}): Earlier =>
  earlierSession(unfinished, { limits: LIMITS, lastEventMs: 0, wallMs: STARTED_AT + afterMs, ...facts });

function goesOn(earlier: Earlier): EarlierSession {
  if (!earlier.ok) throw new Error(earlier.why);
  return earlier.earlier;
}

describe('a session that a crash has left', () => {
  test('goes on where it was: the time in which nobody was there counts for its age and its idle time', () => {
    expect(goesOn(found(20 * MINUTE))).toMatchObject({
      createdAt: STARTED_AT,
      state: 'running',
      awaySeconds: 8 * 60,
      time: {
        ageMs: 20 * MINUTE,
        idleMs: 10 * MINUTE,
        lastActivity: { kind: 'input', at: STARTED_AT + 10 * MINUTE },
        restedMs: null,
        idleExtraMs: 0,
        maxExtraMs: 0,
      },
    });
  });

  test('has lived as long as its recording says, where the journal knows less', () => {
    const earlier = goesOn(found(20 * MINUTE, left(), { lastEventMs: 12 * MINUTE + 4_000 }));
    expect(earlier).toMatchObject({ awaySeconds: 8 * 60 - 4, time: { ageMs: 20 * MINUTE, idleMs: 10 * MINUTE } });
  });

  test('was away for no time when the wall clock says that it was less than none', () => {
    expect(goesOn(found(-60 * MINUTE))).toMatchObject({
      awaySeconds: 0,
      time: { ageMs: 12 * MINUTE, idleMs: 2 * MINUTE },
    });
  });

  test.each<[string, Earlier]>([
    ['its idle timeout has passed', found(25 * MINUTE)],
    [
      'its maximum duration has passed',
      found(60 * MINUTE, left(), { limits: limitsWith({ maxDurationSeconds: 3_600 }) }),
    ],
    ['the wall clock was set forward by a day', found(24 * 60 * MINUTE)],
    ['it had not begun', found(13 * MINUTE, left({ events: [] }))],
    ['it was ending already', found(13 * MINUTE, left({ events: states('waiting', 'closing') }))],
    [
      'a deadline had frozen it',
      found(13 * MINUTE, left({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, 'idle_timeout')] })),
    ],
  ])('does not go on when %s', (_, earlier) => {
    expect(earlier.ok).toBe(false);
  });

  test('ends at its deadline to the millisecond, not before', () => {
    expect(found(25 * MINUTE - 1).ok).toBe(true);
    expect(found(25 * MINUTE).ok).toBe(false);
  });

  test('keeps what its extensions have added: to its duration always, to its idle time until it was used again', () => {
    const once = left({
      record: { ...record, counters: { ...record.counters, extensions: 1 } },
      events: [...states('waiting'), extended(11 * MINUTE, 1)],
    });
    expect(goesOn(found(50 * MINUTE, once)).time).toMatchObject({
      idleExtraMs: 30 * MINUTE,
      maxExtraMs: 30 * MINUTE,
      extensionsUsed: 1,
    });
    const usedSince = { ...once, events: [...states('waiting'), extended(9 * MINUTE, 1)] };
    expect(found(50 * MINUTE, usedSince).ok).toBe(false);
    expect(goesOn(found(24 * MINUTE, usedSince)).time).toMatchObject({ idleExtraMs: 0, maxExtraMs: 30 * MINUTE });
  });

  test('that stood still is idle for no longer than it was, and is as old as it is', () => {
    const still = left({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, null)] });
    expect(goesOn(found(50 * MINUTE, still)).time).toMatchObject({
      ageMs: 50 * MINUTE,
      idleMs: 2 * MINUTE,
      restedMs: 39 * MINUTE,
    });
    expect(found(60 * MINUTE, still).ok).toBe(false);
  });
});

/** A session of an earlier run, over stand-ins, found so long after its start. */
function earlierOf(afterMs: number, unfinished = left(), profile: { recording?: 'required' } = {}) {
  const earlier = goesOn(found(afterMs, unfinished));
  const opened = openSession({ limits: LIMITS, earlier, profile });
  const adopted: string[] = [];
  const resume = async (changes: Partial<LeftSession> = {}): Promise<boolean> => {
    opened.recorders.left = { lastEventMs: unfinished.heartbeatMs, cols: 80, rows: 24 };
    const recording = await opened.recorders.reopen();
    const leftSession = { record: unfinished.record, earlier, recording, recordingFile: '/nowhere', ...changes };
    return opened.session.resume(leftSession, () =>
      adopted.push(`${opened.session.state}, ${opened.backend.last.paused ? 'paused' : 'let go'}`),
    );
  };
  return { ...opened, earlier, adopted, resume };
}

describe('a session that goes on', () => {
  test('has no second start: it tells that it was attached to, and what it printed meanwhile comes after that', async () => {
    const { adopted, backend, events, recorders, resume, session } = earlierOf(13 * MINUTE);
    expect(await resume()).toBe(true);
    backend.last.print('after');
    // It had its tab before anything was told, and printed nothing before that.
    expect(adopted).toEqual(['running, paused']);
    expect(backend.last.paused).toBe(false);
    expect(events.map(({ type }) => type)).toEqual(['session:reattached', 'session:state']);
    expect(events[0]).toMatchObject({ sessionId: session.id, awaySeconds: 60 });
    expect(session.state).toBe('waiting');
    expect(session.events).toHaveLength(4);
    expect(session.createdAt).toBe(STARTED_AT);
    expect(recorders.lines).toEqual(['m attached again after 60 s; what it printed meanwhile is not here', 'o after']);
    expect(backend.reattached).toMatchObject([{ sessionId: session.id, isFrozen: false, cols: 80, rows: 24 }]);
    await session.end('closed');
  });

  test('ends when its time is over, counted from its first start, and says how long it was', async () => {
    const { clock, events, resume, session } = earlierOf(20 * MINUTE);
    await resume();
    await clock.advance(5 * MINUTE - 1);
    expect(session.ended).toBeNull();
    await clock.advance(1);
    await clock.advance(10_000);
    expect(session.ended).toMatchObject({ reason: 'idle_timeout', limitSeconds: 900, durationSeconds: 1_500 });
    expect(events.filter(({ type }) => type === 'session:end')).toHaveLength(1);
  });

  test('is warned again of nothing, and of what has come up meanwhile at once', async () => {
    // Warned at ten minutes of idleness, five before the end.
    const warned = earlierOf(24 * MINUTE - 30_000, left({ heartbeatMs: 22 * MINUTE }));
    await warned.resume();
    expect(warned.events.filter(({ type }) => type === 'session:warning')).toEqual([]);
    await warned.clock.advance(30_000);
    expect(warned.events.filter(({ type }) => type === 'session:warning')).toHaveLength(1);
    const unwarned = earlierOf(21 * MINUTE);
    await unwarned.resume();
    expect(unwarned.events.filter(({ type }) => type === 'session:warning')).toHaveLength(1);
    await Promise.all([warned, unwarned].map(({ session }) => session.end('closed')));
  });

  test('has used what it had used of its extensions, and its counters go on', async () => {
    const counters = { bytesOut: 1_000, bytesIn: 50, resizes: 2, warnings: 3, extensions: 2, commands: 4 };
    const unfinished = left({
      record: { ...record, counters },
      events: [...states('waiting'), extended(MINUTE, 1), extended(2 * MINUTE, 2)],
    });
    const { backend, resume, session } = earlierOf(13 * MINUTE, unfinished);
    await resume();
    expect(session.extend()).toEqual({ ok: false, message: 'All 2 extensions of this session are used.' });
    session.write(Buffer.from('ls\r'), user);
    backend.last.print('12345');
    expect(session).toMatchObject({
      bytesOut: 1_005,
      bytesIn: 53,
      resizes: 2,
      warnings: 3,
      extensionsUsed: 2,
      commands: { used: 5 },
    });
    await session.end('closed');
  });

  test('that stood still stands still, until somebody thaws it', async () => {
    const unfinished = left({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, null)] });
    const { backend, events, resume, session } = earlierOf(40 * MINUTE, unfinished);
    await resume();
    expect(session.state).toBe('frozen');
    expect(backend.reattached[0]?.isFrozen).toBe(true);
    expect(session.timing().idleMs).toBe(2 * MINUTE);
    expect(await session.thaw()).toEqual({ ok: true });
    expect(events.findLast(({ type }) => type === 'session:thawed')).toMatchObject({ frozenSeconds: 29 * 60 });
    expect(session.timing().idleMs).toBe(2 * MINUTE);
    await session.end('closed');
  });

  test('whose shell exits while it is being taken over has its end, too', async () => {
    const { backend, events, resume, session } = earlierOf(13 * MINUTE);
    const takeOver = backend.reattach.bind(backend);
    backend.reattach = async (spec, listener) => {
      const result = await takeOver(spec, listener);
      backend.last.exit({ exitCode: 3, signal: null });
      return result;
    };
    expect(await resume()).toBe(true);
    expect(await session.end('closed')).toMatchObject({ reason: 'exited', exitCode: 3 });
    const told = events.map(({ type }) => type).filter((type) => type !== 'session:state');
    expect(told).toEqual(['session:reattached', 'session:end']);
  });

  test('goes on without a recording that cannot be gone on with, and says so', async () => {
    const { recorders, resume, session } = earlierOf(13 * MINUTE);
    recorders.fail = { ok: false, failure: { stage: 'recording', message: 'The disk is full.', hint: '' } };
    expect(await resume()).toBe(true);
    expect(session.recording.state()).toMatchObject({ message: 'The disk is full.' });
    await session.end('closed');
  });

  test('does not where a recording is required and cannot be gone on with: nothing of it is left', async () => {
    const { adopted, backend, events, log, recorders, resume } = earlierOf(13 * MINUTE, left(), {
      recording: 'required',
    });
    recorders.fail = { ok: false, failure: { stage: 'recording', message: 'The disk is full.', hint: '' } };
    expect(await resume()).toBe(false);
    expect(log).toContain('ladder 0');
    const none = { ok: false, failure: { stage: 'recording', message: 'There is none.', hint: '' } } as const;
    expect(await resume({ recording: none })).toBe(false);
    expect(backend.reattached).toHaveLength(1);
    expect([...adopted, ...events]).toEqual([]);
  });

  test('does not where its shell cannot be taken over: nothing is told', async () => {
    const { adopted, backend, clock, events, resume } = earlierOf(13 * MINUTE);
    backend.fail = { ok: false, failure: { stage: 'attach', message: 'It is gone.', hint: '' } };
    expect(await resume()).toBe(false);
    expect([...adopted, ...events]).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
