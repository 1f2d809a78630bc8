import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../shared/session.ts';
import type { UnfinishedSession } from '../journal/journal.ts';
import { METADATA, SESSION_ID, STARTED_AT } from '../recording/testing/recordings.ts';
import { type OrphanedSession, type Restored, type ResumeFacts, restoreSession } from './resume.ts';
import type { RestoredState } from './session-options.ts';
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
const orphan = (changes: Partial<UnfinishedSession> = {}): UnfinishedSession => ({
  record,
  events: states('waiting', 'running'),
  heartbeatMs: 12 * MINUTE,
  lastActivityMs: 10 * MINUTE,
  ...changes,
});
/** Found so long after its start, by the wall clock. */
const found = (afterMs: number, unfinished = orphan(), facts: Partial<ResumeFacts> = {}): Restored =>
  restoreSession(unfinished, { limits: LIMITS, lastEventMs: 0, wallMs: STARTED_AT + afterMs, ...facts });

function restoredOf(found: Restored): RestoredState {
  if (!found.ok) throw new Error(found.why);
  return found.restored;
}

describe('an orphaned session', () => {
  test('continues where it was: the time in which no app ran counts for its age and its idle time', () => {
    expect(restoredOf(found(20 * MINUTE))).toMatchObject({
      createdAt: STARTED_AT,
      state: 'running',
      awaySeconds: 8 * 60,
      time: {
        ageMs: 20 * MINUTE,
        idleMs: 10 * MINUTE,
        lastActivity: { kind: 'input', at: STARTED_AT + 10 * MINUTE },
        frozenMs: null,
        idleExtraMs: 0,
        maxExtraMs: 0,
      },
    });
  });

  test('has lived as long as its recording says, where the journal knows less', () => {
    const restored = restoredOf(found(20 * MINUTE, orphan(), { lastEventMs: 12 * MINUTE + 4_000 }));
    expect(restored).toMatchObject({ awaySeconds: 8 * 60 - 4, time: { ageMs: 20 * MINUTE, idleMs: 10 * MINUTE } });
  });

  test('was away for no time when the wall clock was set back', () => {
    expect(restoredOf(found(-60 * MINUTE))).toMatchObject({
      awaySeconds: 0,
      time: { ageMs: 12 * MINUTE, idleMs: 2 * MINUTE },
    });
  });

  test.each<[string, Restored]>([
    ['its idle timeout has passed', found(25 * MINUTE)],
    [
      'its maximum duration has passed',
      found(60 * MINUTE, orphan(), { limits: limitsWith({ maxDurationSeconds: 3_600 }) }),
    ],
    ['the wall clock was set forward by a day', found(24 * 60 * MINUTE)],
    ['it had not started', found(13 * MINUTE, orphan({ events: [] }))],
    ['it was ending already', found(13 * MINUTE, orphan({ events: states('waiting', 'closing') }))],
    [
      'a deadline had frozen it',
      found(13 * MINUTE, orphan({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, 'idle_timeout')] })),
    ],
  ])('does not continue when %s', (_, result) => {
    expect(result.ok).toBe(false);
  });

  test('ends at its deadline to the millisecond, not before', () => {
    expect(found(25 * MINUTE - 1).ok).toBe(true);
    expect(found(25 * MINUTE).ok).toBe(false);
  });

  test('keeps what its extensions have added: to its duration always, to its idle time until it was used again', () => {
    const once = orphan({
      record: { ...record, counters: { ...record.counters, extensions: 1 } },
      events: [...states('waiting'), extended(11 * MINUTE, 1)],
    });
    expect(restoredOf(found(50 * MINUTE, once)).time).toMatchObject({
      idleExtraMs: 30 * MINUTE,
      maxExtraMs: 30 * MINUTE,
      extensionsUsed: 1,
    });
    const usedSince = { ...once, events: [...states('waiting'), extended(9 * MINUTE, 1)] };
    expect(found(50 * MINUTE, usedSince).ok).toBe(false);
    expect(restoredOf(found(24 * MINUTE, usedSince)).time).toMatchObject({ idleExtraMs: 0, maxExtraMs: 30 * MINUTE });
  });

  test('that the user had frozen is idle for no longer than it was, and its age grows', () => {
    const frozenSession = orphan({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, null)] });
    expect(restoredOf(found(50 * MINUTE, frozenSession)).time).toMatchObject({
      ageMs: 50 * MINUTE,
      idleMs: 2 * MINUTE,
      frozenMs: 39 * MINUTE,
    });
    expect(found(60 * MINUTE, frozenSession).ok).toBe(false);
  });
});

/** An orphaned session over stand-ins, found so long after its start. */
function orphanedSession(afterMs: number, unfinished = orphan(), profile: { recording?: 'required' } = {}) {
  const restored = restoredOf(found(afterMs, unfinished));
  const opened = openSession({ limits: LIMITS, restored, profile });
  const adopted: string[] = [];
  const resume = async (changes: Partial<OrphanedSession> = {}): Promise<boolean> => {
    opened.recorders.left = { lastEventMs: unfinished.heartbeatMs, cols: 80, rows: 24 };
    const recording = await opened.recorders.reopen();
    const orphaned = { record: unfinished.record, restored, recording, recordingFile: '/nowhere', ...changes };
    return opened.session.resume(orphaned, () =>
      adopted.push(`${opened.session.state}, ${opened.backend.last.paused ? 'paused' : 'running'}`),
    );
  };
  return { ...opened, adopted, resume };
}

describe('a resumed session', () => {
  test('has no second start: it emits that it was attached to, and then what it printed meanwhile', async () => {
    const { adopted, backend, events, recorders, resume, session } = orphanedSession(13 * MINUTE);
    expect(await resume()).toBe(true);
    backend.last.print('after');
    // It had its tab before anything was emitted, and printed nothing before that.
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
    const { clock, events, resume, session } = orphanedSession(20 * MINUTE);
    await resume();
    await clock.advance(5 * MINUTE - 1);
    expect(session.ended).toBeNull();
    await clock.advance(1);
    await clock.advance(10_000);
    expect(session.ended).toMatchObject({ reason: 'idle_timeout', limitSeconds: 900, durationSeconds: 1_500 });
    expect(events.filter(({ type }) => type === 'session:end')).toHaveLength(1);
  });

  test('is not warned twice, and at once of what has become due meanwhile', async () => {
    // Warned at ten minutes of idleness, five before the end.
    const warned = orphanedSession(24 * MINUTE - 30_000, orphan({ heartbeatMs: 22 * MINUTE }));
    await warned.resume();
    expect(warned.events.filter(({ type }) => type === 'session:warning')).toEqual([]);
    await warned.clock.advance(30_000);
    expect(warned.events.filter(({ type }) => type === 'session:warning')).toHaveLength(1);
    const unwarned = orphanedSession(21 * MINUTE);
    await unwarned.resume();
    expect(unwarned.events.filter(({ type }) => type === 'session:warning')).toHaveLength(1);
    await Promise.all([warned, unwarned].map(({ session }) => session.end('closed')));
  });

  test('has used the extensions that it had used, and its counters continue', async () => {
    const counters = { bytesOut: 1_000, bytesIn: 50, resizes: 2, warnings: 3, extensions: 2, commands: 4 };
    const unfinished = orphan({
      record: { ...record, counters },
      events: [...states('waiting'), extended(MINUTE, 1), extended(2 * MINUTE, 2)],
    });
    const { backend, resume, session } = orphanedSession(13 * MINUTE, unfinished);
    await resume();
    expect(session.extend()).toEqual({ ok: false, message: 'All 2 extensions of this session are used.' });
    session.write(Buffer.from('ls\r'), user);
    backend.last.print('12345');
    expect(session.record().counters).toEqual({
      bytesOut: 1_005,
      bytesIn: 53,
      resizes: 2,
      warnings: 3,
      extensions: 2,
      commands: 5,
    });
    await session.end('closed');
  });

  test('that the user had frozen stays frozen until it is thawed', async () => {
    const unfinished = orphan({ events: [...states('waiting', 'frozen'), frozen(11 * MINUTE, null)] });
    const { backend, events, resume, session } = orphanedSession(40 * MINUTE, unfinished);
    await resume();
    expect(session.state).toBe('frozen');
    expect(backend.reattached[0]?.isFrozen).toBe(true);
    expect(session.timing().idleMs).toBe(2 * MINUTE);
    expect(await session.thaw()).toEqual({ ok: true });
    expect(events.findLast(({ type }) => type === 'session:thawed')).toMatchObject({ frozenSeconds: 29 * 60 });
    expect(session.timing().idleMs).toBe(2 * MINUTE);
    await session.end('closed');
  });

  test('whose shell exits while it is being taken over ends', async () => {
    const { backend, events, resume, session } = orphanedSession(13 * MINUTE);
    const takeOver = backend.reattach.bind(backend);
    backend.reattach = async (spec, listener) => {
      const result = await takeOver(spec, listener);
      backend.last.exit({ exitCode: 3, signal: null });
      return result;
    };
    expect(await resume()).toBe(true);
    expect(await session.end('closed')).toMatchObject({ reason: 'exited', exitCode: 3 });
    const emitted = events.map(({ type }) => type).filter((type) => type !== 'session:state');
    expect(emitted).toEqual(['session:reattached', 'session:end']);
  });

  test('continues without a recording that cannot be continued, and says so', async () => {
    const { recorders, resume, session } = orphanedSession(13 * MINUTE);
    recorders.fail = { ok: false, failure: { stage: 'recording', message: 'The disk is full.', hint: '' } };
    expect(await resume()).toBe(true);
    expect(session.recording.state()).toMatchObject({ message: 'The disk is full.' });
    await session.end('closed');
  });

  test('is not resumed where it must be recorded and cannot be: nothing of it is left', async () => {
    const { adopted, backend, events, log, recorders, resume } = orphanedSession(13 * MINUTE, orphan(), {
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

  test('is not resumed where its shell cannot be taken over: nothing is emitted', async () => {
    const { adopted, backend, clock, events, resume } = orphanedSession(13 * MINUTE);
    backend.fail = { ok: false, failure: { stage: 'attach', message: 'It is gone.', hint: '' } };
    expect(await resume()).toBe(false);
    expect([...adopted, ...events]).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
