import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INPUT_WINDOW_BYTES } from '../../shared/frames.ts';
import { ON_EXPIRY } from '../../shared/limits.ts';
import { END_REASONS, type EndReason, type StartFailure, sessionEventSchema } from '../../shared/session.ts';
import { limitsWith } from './testing/limits.ts';
import { openSession, startedSession, user } from './testing/open-session.ts';
import { settle } from './testing/test-clock.ts';

const failure: StartFailure = { stage: 'shell', message: 'There is no /bin/zsh.', hint: 'Install it.' };

describe('one door out', () => {
  it('comes exactly once for each start, for every reason, and the first reason wins', async () => {
    for (const reason of END_REASONS) {
      const { events, session } = await startedSession();
      const [first, second] = await Promise.all([session.end(reason), session.end('closed')]);
      expect(second).toBe(first);
      expect(first.reason).toBe(reason);
      const ends = events.filter((event) => event.type === 'session:end');
      expect(ends).toHaveLength(1);
      expect(events[0]?.type).toBe('session:start');
      expect(events.at(-1)?.type).toBe('session:end');
    }
  });

  it('holds whatever happens at the same time, in any order', async () => {
    const happening = fc.constantFrom(
      'exit',
      'close',
      'quit',
      'truncate',
      'input',
      'extend',
      'resize',
      'advance',
      'keep',
      'freeze',
      'thaw',
      'command',
      'mark',
    );
    const expiry = fc.record({ onExpiry: fc.constantFrom(...ON_EXPIRY), maxCommands: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { maxLength: 12 }),
        fc.boolean(),
        expiry,
        async (happenings, early, rules) => {
          const limits = limitsWith({
            idleTimeoutSeconds: 100,
            maxDurationSeconds: 300,
            warnBeforeSeconds: [60, 10],
            thawWindowSeconds: 60,
            extensions: { count: 1, seconds: 90 },
            ...rules,
          });
          const { backend, clock, events, logger, recorders, session } = openSession({
            limits,
            profile: { recording: 'required' },
          });
          session.start();
          if (!early) await session.started;
          for (const each of happenings) {
            if (each === 'exit') backend.processes[0]?.exit({ exitCode: 0, signal: null });
            if (each === 'freeze') await session.freeze();
            if (each === 'thaw') await session.thaw();
            if (each === 'close') void session.end('closed');
            if (each === 'quit') void session.end('app_quit');
            if (each === 'truncate') recorders.listener?.onTruncated('The disk is full.');
            if (each === 'input') session.write(Uint8Array.of(13), user);
            if (each === 'command') session.write(Buffer.from('ls\r'), user);
            if (each === 'mark') backend.processes[0]?.print('\x1b]133;C\x07output\x1b]133;D;0\x07');
            if (each === 'extend') session.extend();
            if (each === 'keep') session.keepOpen();
            if (each === 'resize') session.resize(100, 30);
            if (each === 'advance') await clock.advance(45_000);
          }
          await clock.advance(10_000);
          void session.end('closed');
          await clock.advance(10_000);
          expect(session.state).toBe('ended');
          expect(events.filter((event) => event.type === 'session:start')).toHaveLength(1);
          expect(events.filter((event) => event.type === 'session:end')).toHaveLength(1);
          expect(events.at(-1)?.type).toBe('session:end');
          for (const event of events) sessionEventSchema.parse(event);
          expect(clock.timers).toBe(0);
          expect(logger.complaints.filter((complaint) => complaint !== 'A recording was truncated')).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('lies after the start, and as long after it as the session lived, however the wall clock is set meanwhile', async () => {
    for (const wallMs of [-3_600_000, 86_400_000]) {
      const { clock, events, session } = await startedSession();
      await clock.advance(5_000);
      clock.setWall(wallMs);
      const end = await session.end('closed');
      expect(end.durationSeconds).toBe(5);
      const times = events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(end.at).toBeGreaterThanOrEqual(session.createdAt);
    }
  });

  it('continues when a step of the ending throws', async () => {
    const { events, logger, process, session } = await startedSession();
    process.terminate = () => Promise.reject(new Error('no such process'));
    const end = await session.end('idle_timeout');
    expect(end.reason).toBe('idle_timeout');
    expect(events.at(-1)?.type).toBe('session:end');
    expect(logger.complaints).toEqual(['A step of an ending failed']);
  });
});

describe('the order of an end', () => {
  it('is output, notice, ladder, end of the stream, recording, metadata, event', async () => {
    const { log, process, recorders, session } = await startedSession({
      limits: limitsWith({ idleTimeoutSeconds: 900 }),
    });
    const shown: string[] = [];
    const watcher = session.watch({
      headerBytes: 0,
      deliver: (buffer) => {
        shown.push(new TextDecoder().decode(buffer));
        log.push('shown');
        queueMicrotask(() => watcher.acknowledge(buffer.byteLength));
      },
      onClosed: (reason) => log.push(`stream ${reason}`),
    });
    process.print('program output');
    process.lastWords = 'bye';
    await settle();
    await session.end('idle_timeout');
    expect(log.filter((entry) => entry !== 'shown')).toEqual([
      'session:start',
      'settle',
      'ladder 2000',
      'stream ended',
      'recording closed 129',
      'metadata',
      'session:end',
    ]);
    const text = shown.join('');
    expect(text.indexOf('program output')).toBeLessThan(text.indexOf('Session timeout - connection closed'));
    expect(text.indexOf('Session timeout')).toBeLessThan(text.indexOf('bye'));
    expect(recorders.lines.join('')).toContain('Session timeout - connection closed');
  });

  it('shows the notice again, last, when late output has buried it', async () => {
    const { process, recorders, session } = await startedSession({ limits: limitsWith({ maxDurationSeconds: 900 }) });
    process.lastWords = 'y\r\n'.repeat(2_000);
    await session.end('max_duration');
    const recorded = recorders.lines.join('');
    expect(recorded.lastIndexOf('Session timeout')).toBeGreaterThan(recorded.lastIndexOf('y\r\n'));
  });

  it('waits for a window that does not show its output only for 2 s', async () => {
    const { clock, process, session } = await startedSession();
    session.watch({ headerBytes: 0, deliver: () => {}, onClosed: () => {} });
    process.print('text');
    const ending = session.end('app_quit');
    await clock.advance(4_000);
    expect((await ending).reason).toBe('app_quit');
  });

  it('takes no input any more', async () => {
    const { process, session } = await startedSession();
    const ending = session.end('closed');
    expect(session.write(Uint8Array.of(65), user)).toBe('not_running');
    await ending;
    expect(process.written).toEqual([]);
  });

  it('reports what survived the ladder', async () => {
    const { process, session } = await startedSession();
    process.survivors = [{ pid: 77, command: 'stuck' }];
    expect((await session.end('closed')).survivors).toEqual([{ pid: 77, command: 'stuck' }]);
  });
});

describe('a start', () => {
  it('that fails says its stage to the terminal, and ends like any other session', async () => {
    const { backend, events, recorders, session } = openSession();
    backend.fail = { ok: false, failure };
    session.start();
    await session.started;
    const end = await session.end('closed');
    expect(end).toMatchObject({ reason: 'start_failed', failure });
    expect(events.map((event) => event.type)).toContain('session:end');
    expect(recorders.lines.join('')).toContain('Shell not found - connection closed');
  });

  it('that throws is a failed start, and is logged', async () => {
    const { backend, logger, session } = openSession();
    backend.start = () => Promise.reject(new Error('boom'));
    session.start();
    await session.started;
    expect(await session.end('closed')).toMatchObject({
      reason: 'start_failed',
      failure: { stage: 'spawn', message: 'boom' },
    });
    expect(logger.complaints).toEqual(['A start threw']);
  });

  it('that cannot be recorded continues without a recording', async () => {
    const { recorders, session } = openSession();
    recorders.fail = {
      ok: false,
      failure: { stage: 'recording', message: 'The disk is full.', hint: 'Free some space.' },
    };
    session.start();
    await session.started;
    expect(session.state).toBe('waiting');
    expect(session.recording.state()).toMatchObject({ state: 'none', message: 'The disk is full.' });
    await session.end('closed');
  });

  it('that must be recorded and cannot be fails', async () => {
    const { recorders, session } = openSession({ profile: { recording: 'required' } });
    recorders.fail = {
      ok: false,
      failure: { stage: 'recording', message: 'The disk is full.', hint: 'Free some space.' },
    };
    session.start();
    await session.started;
    expect(await session.end('closed')).toMatchObject({ failure: { stage: 'recording' } });
  });

  it('that is closed meanwhile leaves nothing behind', async () => {
    const { backend, log, session } = openSession();
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.hold = promise;
    session.start();
    const ending = session.end('closed');
    resolve();
    expect((await ending).reason).toBe('closed');
    expect(log).toContain('ladder 2000');
  });

  it('that is closed before its recording is open closes that too', async () => {
    const { backend, log, recorders, session } = openSession();
    const { promise, resolve } = Promise.withResolvers<void>();
    recorders.hold = promise;
    session.start();
    await settle();
    expect(backend.processes).toHaveLength(1);
    const ending = session.end('closed');
    await settle();
    resolve();
    await ending;
    expect(log.slice(-3)).toEqual(['recording closed 129', 'metadata', 'session:end']);
  });

  it('loses nothing that is typed meanwhile, up to a bound', async () => {
    const { backend, session } = openSession();
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.hold = promise;
    session.start();
    expect(session.write(Uint8Array.of(0x6c), user)).toBe('written');
    expect(session.write(Uint8Array.of(0x73), user)).toBe('written');
    for (let count = 0; count < 1_000; count += 1) session.write(Uint8Array.of(0x2e), user);
    const rest = INPUT_WINDOW_BYTES - 1_002;
    expect(session.write(new Uint8Array(rest).fill(0x2e), user)).toBe('written');
    expect(session.write(Uint8Array.of(0x2e), user)).toBe('refused');
    resolve();
    await session.started;
    expect(backend.last.written.join('')).toBe(`ls${'.'.repeat(INPUT_WINDOW_BYTES - 2)}`);
    await session.end('closed');
  });

  it('keeps output that came before anything else was ready', async () => {
    const { recorders, session, process } = await startedSession();
    process.print('early');
    expect(recorders.lines).toContain('o early');
    await session.end('closed');
  });
});

describe('activity', () => {
  const limits = limitsWith({ idleTimeoutSeconds: 100, warnBeforeSeconds: [10] });

  it('is what the user types, and keeps the session alive', async () => {
    const { clock, session } = await startedSession({ limits });
    await clock.advance(95_000);
    expect(session.info().warning).toMatchObject({ deadline: 'idle', last: true });
    session.write(Uint8Array.of(97), user);
    expect(session.info().warning).toBeNull();
    expect(session.timing().lastActivity.kind).toBe('input');
    await clock.advance(99_999);
    expect(session.state).toBe('waiting');
    await session.end('closed');
  });

  it('is not what the terminal answers by itself', async () => {
    const { clock, process, session } = await startedSession({ limits });
    for (let second = 0; second < 20; second += 1) {
      await clock.advance(5_000);
      session.write(new TextEncoder().encode('\x1b[1;1R'), { user: false });
    }
    await clock.advance(1);
    expect(session.ended?.reason).toBe('idle_timeout');
    expect(session.ended?.limitSeconds).toBe(100);
    expect(process.written.length).toBeGreaterThan(0);
  });

  it('is not output, unless the limits say so', async () => {
    for (const [activity, alive] of [
      [['input'], false],
      [['input', 'output'], true],
    ] as const) {
      const { clock, process, session } = await startedSession({
        limits: limitsWith({ idleTimeoutSeconds: 100, activity: [...activity] }),
      });
      await clock.advance(60_000);
      process.print('a line\r\n');
      await clock.advance(60_000);
      expect(session.ended === null).toBe(alive);
      await session.end('closed');
    }
  });

  it('is a command in front, or time spent computing, if the limits say so', async () => {
    const { clock, process, session } = await startedSession({
      limits: limitsWith({ idleTimeoutSeconds: 100, activity: ['foreground', 'cpu'] }),
    });
    process.inFront = { isShell: false, command: 'make' };
    await clock.advance(150_000);
    expect(session.timing().lastActivity.kind).toBe('foreground');
    process.inFront = { isShell: true, command: null };
    process.cpuMs = 50_000;
    await clock.advance(99_000);
    expect(session.timing().lastActivity.kind).toBe('cpu');
    await clock.advance(100_000);
    expect(session.ended?.reason).toBe('idle_timeout');
  });

  it('is the wish to keep it open, which is emitted and recorded', async () => {
    const { clock, events, recorders, session } = await startedSession({ limits });
    await clock.advance(95_000);
    session.keepOpen();
    expect(events.at(-1)).toMatchObject({ type: 'session:extended', by: 'keep_open', seconds: 95, used: 0 });
    expect(recorders.lines).toContain('m kept open');
    await clock.advance(99_000);
    expect(session.ended).toBeNull();
    await session.end('closed');
  });

  it('does not help against the maximum duration', async () => {
    const { clock, session } = await startedSession({ limits: limitsWith({ maxDurationSeconds: 60 }) });
    await clock.advance(59_000);
    session.write(Uint8Array.of(97), user);
    session.keepOpen();
    await clock.advance(1_000);
    expect(session.ended?.reason).toBe('max_duration');
  });
});

describe('the state', () => {
  it('follows what runs in front', async () => {
    const { process, session } = await startedSession();
    process.inFront = { isShell: false, command: 'vim' };
    expect(await session.refreshForeground()).toEqual({ isShell: false, command: 'vim' });
    expect(session.info()).toMatchObject({ state: 'running', foreground: 'vim' });
    session.write(Uint8Array.of(3), user);
    expect(session.state).toBe('interrupted');
    process.inFront = { isShell: true, command: null };
    await session.refreshForeground();
    expect(session.info()).toMatchObject({ state: 'waiting', foreground: null });
    await session.end('closed');
  });

  it('of an ended session says how it ended', async () => {
    const reasons: EndReason[] = [];
    const { process, session } = await startedSession();
    process.exit({ exitCode: 3, signal: null });
    const end = await session.end('closed');
    reasons.push(end.reason);
    expect(end).toMatchObject({ reason: 'exited', exitCode: 3, signal: null });
    expect(session.info().timing.maxRemainingMs).toBeNull();
    expect(reasons).toEqual(['exited']);
  });
});

describe('a frozen session', () => {
  it('stops where it stands, emits that, and continues where it was when it is thawed', async () => {
    const { clock, events, log, recorders, session } = await startedSession({
      limits: limitsWith({ idleTimeoutSeconds: 900 }),
    });
    expect(await session.freeze()).toEqual({ ok: true });
    expect(session.state).toBe('frozen');
    await clock.advance(10_000_000);
    expect(session.ended).toBeNull();
    expect(await session.thaw()).toEqual({ ok: true });
    expect(session.state).toBe('waiting');
    expect(events.find((event) => event.type === 'session:thawed')).toMatchObject({ frozenSeconds: 10_000 });
    expect(log).toEqual(expect.arrayContaining(['freeze', 'session:frozen', 'thaw', 'session:thawed']));
    expect(recorders.lines).toEqual(expect.arrayContaining(['m frozen', 'm thawed']));
    await clock.advance(900_000);
    expect(session.ended?.reason).toBe('idle_timeout');
  });

  it('cannot be frozen twice, nor thawed when it is not frozen', async () => {
    const { session } = await startedSession();
    expect(await session.thaw()).toMatchObject({ ok: false });
    await session.freeze();
    expect(await session.freeze()).toMatchObject({ ok: false });
    await session.end('closed');
    expect(await session.thaw()).toMatchObject({ ok: false });
  });

  it('is emitted once when it is asked for twice at once', async () => {
    const { clock, events, recorders, session } = await startedSession();
    expect(await Promise.all([session.freeze(), session.freeze()])).toEqual([{ ok: true }, { ok: true }]);
    await clock.advance(10_000);
    await Promise.all([session.thaw(), session.thaw()]);
    expect(events.filter((event) => event.type === 'session:frozen')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'session:thawed')).toMatchObject([{ frozenSeconds: 10 }]);
    expect(recorders.lines.filter((line) => line === 'm frozen')).toHaveLength(1);
  });

  it('says that it has ended when it ended before it was frozen', async () => {
    const { process, session } = await startedSession();
    const asked = Promise.withResolvers<string | null>();
    process.freeze = () => asked.promise;
    const freezing = session.freeze();
    await session.end('closed');
    asked.resolve('It is not asked any more.');
    expect(await freezing).toEqual({ ok: false, message: 'The session has ended meanwhile.' });
  });

  it('stays as it was when the backend cannot', async () => {
    const { events, process, session } = await startedSession();
    process.freeze = () => Promise.resolve('It does not answer.');
    expect(await session.freeze()).toEqual({ ok: false, message: 'It does not answer.' });
    expect(session.state).toBe('waiting');
    expect(events.some((event) => event.type === 'session:frozen')).toBe(false);
  });
});

describe('a shell that did not end by itself', () => {
  it.each(['out_of_memory', 'backend_lost'] as const)(
    'ends its session as %s, with what is known of it',
    async (cause) => {
      const { process, session } = await startedSession();
      process.exit({ exitCode: null, signal: null, cause, detail: 'More than 64 MB' });
      const end = await session.end('closed');
      expect(end).toMatchObject({ reason: cause, detail: 'More than 64 MB' });
    },
  );
});
