import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../../shared/profile.ts';
import type { SessionEvent, SessionInfo } from '../../shared/session.ts';
import type { BackendListener, CredentialValue, StartResult, StartSpec } from '../backends/backend.ts';
import { Session } from '../sessions/session.ts';
import { limitsWith } from '../sessions/testing/limits.ts';
import { profileWith } from '../sessions/testing/profiles.ts';
import { keepingLogger, StandInBackend, StandInProcess, StandInRecorders } from '../sessions/testing/stand-ins.ts';
import { settle, TestClock } from '../sessions/testing/test-clock.ts';
import { CredentialBroker } from './broker.ts';
import { SessionCredentials } from './session-credentials.ts';
import { type Fetched, unavailable } from './value.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A shell that says what credentials it got. */
class Shell extends StandInProcess {
  readonly updates: string[][] = [];
  /** Why it takes none. */
  refuses: string | null = null;
  /** What it has from an earlier run of the app; null: not to be had. */
  kept: CredentialValue[] | null = null;

  async updateCredentials(values: readonly CredentialValue[]): Promise<string | null> {
    this.updates.push(words(values));
    await settle();
    return this.refuses;
  }

  async readCredentials(): Promise<CredentialValue[] | null> {
    return this.kept;
  }
}

class ShellBackend extends StandInBackend {
  readonly taken: string[][] = [];
  shell: Shell | null = null;
  /** Called between the values being taken and the shell being there. */
  meanwhile: () => Promise<void> = async () => {};

  override async start(spec: StartSpec, listener: BackendListener): Promise<StartResult> {
    this.taken.push(words(spec.credentials?.take() ?? []));
    await this.meanwhile();
    if (this.fail !== null) return this.fail;
    this.shell = new Shell(listener, this.log);
    this.processes.push(this.shell);
    return { ok: true, process: this.shell };
  }
}

function words(values: readonly CredentialValue[]): string[] {
  return values.map(({ env, value }) => `${env}=${Buffer.from(value).toString()}`);
}

let clock: TestClock;
let broker: CredentialBroker;
let backend: ShellBackend;
let recorders: StandInRecorders;
let logger: ReturnType<typeof keepingLogger>;
let events: SessionEvent[];
let infos: SessionInfo[];
let answer: (name: string) => Fetched;
const sessions: Session[] = [];

beforeEach(() => {
  clock = new TestClock();
  backend = new ShellBackend([]);
  recorders = new StandInRecorders([]);
  logger = keepingLogger();
  events = [];
  infos = [];
  answer = (name) => ({ ok: true, value: Buffer.from(`value of ${name}`) });
  broker = new CredentialBroker({
    clock,
    fetch: async ({ kind, ...source }) => {
      await settle();
      return answer('name' in source ? source.name : kind);
    },
    logger,
  });
});

afterEach(async () => {
  for (const session of sessions.splice(0)) {
    const ending = session.end('closed');
    await clock.advance(20_000);
    await ending;
  }
  expect(broker.size).toBe(0);
  expect(clock.timers).toBe(0);
});

function credential(values: Partial<Credential> = {}): Credential {
  return { env: 'TOKEN', source: { kind: 'stored', name: 'token' }, ttlSeconds: 0, required: false, ...values };
}

function open(credentials: Credential[], args: string[] = [], withBroker = true): Session {
  const session: Session = new Session(
    { id: ID, previousId: null, profile: profileWith({ credentials, args }), limits: limitsWith(), cols: 80, rows: 24 },
    {
      clock,
      backend,
      recorders,
      ...(withBroker ? { credentials: broker } : {}),
      logger,
      app: { name: 'Sandglass', version: '1' },
      writeMetadata: async () => {},
      newEventId: () => ID,
    },
    {
      onEvent: (event) => events.push(event),
      onChange: () => infos.push(session.info()),
      onActivity() {},
      onLateness() {},
      onBytes() {},
    },
  );
  sessions.push(session);
  session.start();
  return session;
}

async function started(credentials: Credential[], args: string[] = []): Promise<Session> {
  const session = open(credentials, args);
  await clock.advance(100);
  await session.started;
  return session;
}

async function ended(session: Session): Promise<Session> {
  const ending = session.end('closed');
  await clock.advance(20_000);
  await ending;
  return session;
}

const shown = (session: Session): string => Buffer.from(session.flow.since(0) ?? []).toString();

describe('a session', () => {
  test('starts with its credentials, and says where each stands', async () => {
    const session = await started([
      credential(),
      credential({ env: 'OTHER', source: { kind: 'stored', name: 'other' } }),
    ]);
    expect(backend.taken).toEqual([['TOKEN=value of token', 'OTHER=value of other']]);
    expect(session.info().credentials).toEqual([
      { env: 'TOKEN', state: 'ready', message: null },
      { env: 'OTHER', state: 'ready', message: null },
    ]);
    expect(session.state).toBe('waiting');
    expect(shown(session)).toBe('');
    expect(infos.map(({ progress }) => progress?.message)).toContain('Fetching TOKEN and OTHER');
  });

  test('without one that it does not require starts all the same, and says so where nobody overlooks it', async () => {
    answer = () => unavailable('The server\u001b[31m is away.', 'Wait.');
    const session = open([credential()]);
    await clock.advance(5_000);
    await session.started;
    expect(session.state).toBe('waiting');
    expect(session.info().credentials).toEqual([
      { env: 'TOKEN', state: 'missing', message: 'The server\u001b[31m is away.' },
    ]);
    expect(shown(session)).toBe(
      'Credential not available: TOKEN. The server [31m is away. The session starts without it.\r\n',
    );
  });

  test('without one that it requires does not start, and says why and what to do', async () => {
    answer = () => unavailable('The server is away.', 'Wait until it is back.');
    const session = open([credential({ required: true })]);
    await clock.advance(30_000);
    expect(session.ended).toMatchObject({
      reason: 'start_failed',
      failure: {
        stage: 'credentials',
        message: 'TOKEN is required and not available. The server is away.',
        hint: 'Wait until it is back. Then open a new session.',
      },
    });
    expect(shown(session)).toContain('Credential not available - connection closed\r\nTOKEN is required');
    expect(backend.taken).toEqual([]);
  });

  test('that is closed while they are fetched does not wait for them', async () => {
    answer = () => unavailable('The server is away.', 'Wait.');
    const session = open([credential({ required: true })]);
    await settle();
    const ending = session.end('closed');
    await clock.advance(3_000);
    expect((await ending).reason).toBe('closed');
    expect(backend.taken).toEqual([]);
    expect(broker.size).toBe(0);
  });

  test('where nothing fetches credentials does not start without a word', async () => {
    const session = open([credential()], [], false);
    await clock.advance(10_000);
    expect(session.ended?.failure).toMatchObject({
      stage: 'credentials',
      message: 'Credentials cannot be fetched here.',
    });
  });

  test('gets a new value in time, once, and knows when it could not be put there', async () => {
    const session = await started([credential({ ttlSeconds: 100 })]);
    answer = () => ({ ok: true, value: Buffer.from('the second value') });
    await clock.advance(80_000);
    expect(backend.shell?.updates).toEqual([['TOKEN=the second value']]);
    if (backend.shell !== null) backend.shell.refuses = 'The session is frozen.';
    answer = () => ({ ok: true, value: Buffer.from('the third value') });
    await clock.advance(80_000);
    expect(session.info().credentials).toEqual([
      { env: 'TOKEN', state: 'stale', message: 'The new value is not in the session. The session is frozen.' },
    ]);
    if (backend.shell !== null) backend.shell.refuses = null;
    await clock.advance(15_000);
    expect(backend.shell?.updates.at(-1)).toEqual(['TOKEN=the third value']);
    expect(session.info().credentials).toEqual([{ env: 'TOKEN', state: 'ready', message: null }]);
  });

  test('that is still starting gets what was replaced meanwhile as soon as it runs', async () => {
    const gate = Promise.withResolvers<void>();
    backend.meanwhile = () => gate.promise;
    const session = open([credential({ ttlSeconds: 100 })]);
    await clock.advance(10);
    answer = () => ({ ok: true, value: Buffer.from('the second value') });
    await clock.advance(80_000);
    expect(backend.taken).toEqual([['TOKEN=value of token']]);
    gate.resolve();
    await clock.advance(10);
    await session.started;
    expect(backend.shell?.updates).toEqual([['TOKEN=the second value']]);
  });

  test('forgets them at its end', async () => {
    const session = await started([credential({ ttlSeconds: 10 })]);
    await ended(session);
    expect(broker.size).toBe(0);
    await clock.advance(100_000);
    expect(backend.shell?.updates).toEqual([]);
  });
});

describe('what is written of a session', () => {
  const recorded = (): string => recorders.lines.join('\n');

  test('has none of its values: not in the output, the title, the header, markers, or the words of its end', async () => {
    const session = await started([credential({ ttlSeconds: 100 })], ['-c', 'use value of token']);
    backend.last.print('one value of');
    backend.last.print(' token two');
    session.rename('tab of value of token');
    session.recording.write((recorder) => recorder.marker(0, 'marked value of token'));
    answer = () => ({ ok: true, value: Buffer.from('the second value') });
    await clock.advance(80_000);
    backend.last.print(' the second value, value of token.');
    backend.last.exit({ exitCode: 1, signal: null, detail: 'it said: value of token' });
    await clock.advance(20_000);
    expect(recorded()).not.toMatch(/value of token|second value/);
    expect(recorded()).toContain('[redacted TOKEN]');
    expect(session.title).toBe('tab of [redacted TOKEN]');
    expect(session.ended?.detail).toBe('it said: [redacted TOKEN]');
    expect(JSON.stringify(events)).not.toMatch(/value of token|second value/);
    // What was made of a text before its end is made of it afterwards.
    session.rename('it said: value of token');
    expect(session.title).toBe('it said: [redacted TOKEN]');
  });

  test('says what went wrong without them', async () => {
    backend.fail = {
      ok: false,
      failure: { stage: 'spawn', message: 'E2BIG: value of token', hint: 'Less value of token.' },
    };
    const session = open([credential()]);
    await clock.advance(20_000);
    expect(session.ended?.failure).toEqual({
      stage: 'spawn',
      message: 'E2BIG: [redacted TOKEN]',
      hint: 'Less [redacted TOKEN].',
    });
    expect(shown(session)).not.toContain('value of token');
  });

  test('a long name stays a title', async () => {
    const session = await started([credential({ env: 'A'.repeat(128) })]);
    session.rename(`${'x'.repeat(60)} value of token`);
    expect(session.title).toHaveLength(80);
    expect(session.title).not.toContain('value of');
  });
});

describe('a session of an earlier run of the app', () => {
  async function resumed(
    kept: Record<string, string> | null,
  ): Promise<{ credentials: SessionCredentials; shell: Shell; done: Promise<void> }> {
    const credentials = new SessionCredentials({
      sessionId: ID,
      definitions: [credential()],
      broker,
      clock,
      logger,
      onChange() {},
    });
    const shell = new Shell({ onData() {}, onInputRoom() {}, onExit() {} }, []);
    shell.kept =
      kept === null ? null : Object.entries(kept).map(([env, value]) => ({ env, value: Buffer.from(value) }));
    return { credentials, shell, done: credentials.resume(shell, new AbortController().signal) };
  }

  test('goes on at once with what it has, which is not recorded, and gets what is fetched now', async () => {
    answer = () => ({ ok: true, value: Buffer.from('the second value') });
    const { credentials, shell, done } = await resumed({ TOKEN: 'the first value' });
    await done;
    expect(credentials.redact('the first value')).toBe('[redacted TOKEN]');
    await clock.advance(100);
    expect(shell.updates).toEqual([['TOKEN=the second value']]);
    expect(credentials.redact('the first value, the second value')).toBe('[redacted TOKEN], [redacted TOKEN]');
    credentials[Symbol.dispose]();
  });

  test('waits for what is fetched where what it has is not to be had', async () => {
    const { credentials, shell, done } = await resumed(null);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    expect(isDone).toBe(false);
    await clock.advance(100);
    await done;
    expect(credentials.redact('value of token')).toBe('[redacted TOKEN]');
    expect(shell.updates).toEqual([['TOKEN=value of token']]);
    expect(logger.complaints).toEqual(['The credentials of a session of an earlier run could not be read back']);
    credentials[Symbol.dispose]();
  });
});
