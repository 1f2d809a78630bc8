import type { BackendStatus } from '../../shared/backends.ts';
import {
  METHODS,
  type MethodName,
  type NotificationName,
  type NotificationPayload,
  rpcMessageSchema,
} from '../../shared/contract.ts';
import type { EndingSoon } from '../../shared/ending-soon.ts';
import { type FieldPath, RequestError } from '../../shared/errors.ts';
import { decodeFrame, encodeAck, encodeBytes, encodeOpened, encodeSize } from '../../shared/frames.ts';
import type { HistoryEntry } from '../../shared/history.ts';
import { DURATION_BUCKETS_SECONDS } from '../../shared/metrics.ts';
import { HOST_QUIT } from '../../shared/presence.ts';
import { PRESETS, type Profile, profileSchema } from '../../shared/profile.ts';
import type { SessionInfo } from '../../shared/session.ts';
import type { SettingChange, SettingsView } from '../../shared/settings.ts';
import type { Transport } from '../../shared/transport.ts';
import { AwayError, type AwayReason } from '../connection/away.ts';
import { FAKE_BACKENDS, FAKE_OFFERS } from './fake-backends.ts';
import { fakeHistory } from './fake-history.ts';
import { FakeHooks } from './fake-hooks.ts';
import { FakeSecrets } from './fake-secrets.ts';
import { endedWith, fakeId, fakeSession } from './fake-session.ts';
import { withChanges } from './fake-settings.ts';
import { fakeEvents, fakeSettings, SCENES, SCREEN } from './scenes.ts';

export interface FakeOptions {
  /** An entry of {@link FAKE_BACKENDS}. */
  backends?: string;
  /** `web` or `desktop`. */
  host?: string;
  /** `some`, `none` or `failing`. */
  hooks?: string;
  /** How many sessions of earlier runs are remembered. */
  history?: number;
}

/** A core in memory, just good enough to show every screen: it echoes, renames, reorders, closes and extends. */
export class FakeCore {
  readonly #sessions: Map<string, SessionInfo>;
  #settings = fakeSettings();
  #backends: readonly BackendStatus[];
  #receive: (message: string | Uint8Array) => void = () => {};
  #closed: (reason: string) => void = () => {};
  #away: AwayReason | null = null;
  /** The channel that a window has asked for last. */
  #lastChannel = 0;
  /** Whose output comes on which channel. */
  readonly #channels = new Map<number, string>();
  #opened = 100;
  /** Requests that were answered, as a test may want to count them. */
  readonly requests: string[] = [];
  /** Input frames, as a test may want to see them. */
  readonly input: { kind: string; text: string }[] = [];

  /** The program does not read: input is not acknowledged. */
  holdsInput = false;

  #attaching: Promise<void> | null = null;
  /** Answers windows that attached and those that will. */
  releaseAttaching = (): void => {};

  #opening: Promise<void> | null = null;
  /** Answers windows that opened a session and those that will. */
  releaseOpening = (): void => {};

  /** What the next request to save a profile is refused with. */
  refuseNext: { message: string; field?: FieldPath } | null = null;
  /** The sessions that a change of settings brings near to their end. */
  endings: EndingSoon[] = [];
  readonly #host: string;

  readonly #history: HistoryEntry[];
  readonly hooks: FakeHooks;
  readonly secrets: FakeSecrets;
  /** What requests are refused with, by method, until the test takes it back. */
  readonly refusals = new Map<string, string>();

  constructor(scene: string, { backends = 'all', host = 'web', hooks = 'some', history = 0 }: FakeOptions = {}) {
    this.#host = host;
    this.hooks = new FakeHooks(hooks);
    this.secrets = new FakeSecrets(host);
    this.#history = fakeHistory(history);
    this.#backends = FAKE_BACKENDS[backends] ?? [];
    this.#sessions = new Map((SCENES[scene] ?? SCENES.plain ?? (() => []))().map((info) => [info.id, info]));
  }

  /** The size that the last window asked a terminal to have. */
  size = { cols: 80, rows: 24 };

  /** Breaks the window's connection; until {@link comeBack} it is made again only to say why there is none. */
  goAway(why: AwayReason): void {
    this.#away = why;
    this.#closed(why === 'quit' ? HOST_QUIT : 'The connection broke');
  }

  comeBack(): void {
    this.#away = null;
  }

  connect(): Transport {
    if (this.#away !== null) throw new AwayError(this.#away, 'Sandglass does not answer.');
    return {
      bufferedBytes: 0,
      send: (message) => queueMicrotask(() => this.#message(message)),
      onMessage: (listener) => {
        this.#receive = listener;
      },
      onClose: (listener) => {
        this.#closed = listener;
      },
      close: () => {},
    };
  }

  /** From now on a window that attaches waits for {@link releaseAttaching}. */
  holdAttaching(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#attaching = promise;
    this.releaseAttaching = resolve;
  }

  /** From now on a window that opens a session waits for {@link releaseOpening}. */
  holdOpening(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opening = promise;
    this.releaseOpening = () => {
      this.#opening = null;
      resolve();
    };
  }

  notify<N extends NotificationName>(name: N, payload: NotificationPayload<N>): void {
    this.#receive(JSON.stringify({ t: 'q', m: name, a: [payload] }));
  }

  /** Prints into the terminal that attached last. */
  print(text: string): void {
    this.#print(this.#lastChannel, text);
  }

  /** Changes which backends are available: an entry of {@link FAKE_BACKENDS}. */
  setBackends(name: string): void {
    this.#backends = FAKE_BACKENDS[name] ?? [];
    this.notify('backendsChanged', [...this.#backends]);
  }

  /** The journal has one more session, the latest. */
  remember(change: Partial<HistoryEntry>): void {
    const [entry] = fakeHistory(1);
    if (entry !== undefined) this.#history.unshift({ ...entry, id: fakeId(950_000), ...change });
  }

  /** A made-up session, for tests that send their own notifications. */
  made(n: number, change: Partial<SessionInfo>): SessionInfo {
    return fakeSession(n, change);
  }

  /** Sends the notification that the hooks have changed. */
  notifyHooks(): void {
    this.notify('hooksChanged', this.hooks.view());
  }

  change(id: string, change: Partial<SessionInfo>): void {
    const info = this.#sessions.get(id);
    if (info === undefined) return;
    const next = { ...info, ...change };
    this.#sessions.set(id, next);
    this.notify('sessionChanged', next);
  }

  #message(message: string | Uint8Array): void {
    if (typeof message !== 'string') {
      const frame = decodeFrame(message);
      if (frame === null || !('bytes' in frame)) return;
      const text = new TextDecoder().decode(frame.bytes);
      // A paste is the user's, too.
      const kind = frame.kind === 'pasteInput' ? 'userInput' : frame.kind;
      this.input.push({ kind, text });
      if (!this.holdsInput) this.#receive(encodeAck(frame.channel, frame.bytes.byteLength));
      if (kind === 'userInput') this.#print(frame.channel, text.replaceAll('\r', '\r\n$ '));
      return;
    }
    const request = rpcMessageSchema.parse(JSON.parse(message));
    if (request.t !== 'q' || request.i === undefined) return;
    const { m: method, a: argv, i: id } = request;
    if (method === 'sessions.open' && this.#opening !== null) {
      void this.#opening.then(() => this.#reply(method, argv[0], id));
      return;
    }
    if (method !== 'sessions.attach' || this.#attaching === null) this.#reply(method, argv[0], id);
    else void this.#attaching.then(() => this.#reply(method, argv[0], id));
  }

  #reply(method: string, argument: unknown, id: string): void {
    this.requests.push(method);
    try {
      const result = this.#answer(method, argument);
      this.#receive(JSON.stringify({ t: 's', i: id, r: result }));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const { code, field } = error instanceof RequestError ? error : { code: 'internal', field: undefined };
      this.#receive(JSON.stringify({ t: 's', i: id, e: { code, message, field } }));
    }
  }

  #print(channel: number, text: string): void {
    this.#receive(encodeBytes('output', channel, new TextEncoder().encode(text)));
  }

  /** All profiles as the core has them. */
  get profiles(): readonly Profile[] {
    return this.#settings.profiles;
  }

  /** Another window has changed settings. */
  changeSettings(changes: readonly SettingChange[]): void {
    this.#settings = withChanges(this.#settings, changes);
    this.notify('settingsChanged', this.#settings);
  }

  /** The policy has changed. */
  changePolicy(policy: Partial<SettingsView['policy']>): void {
    this.#settings = { ...this.#settings, policy: { ...this.#settings.policy, ...policy } };
    this.notify('settingsChanged', this.#settings);
  }

  /** The system says that a screen reader was started or stopped. */
  setScreenReader(running: boolean): void {
    this.notify('screenReaderChanged', { running });
  }

  /** Another window, or another app, has changed the profiles. */
  changeProfiles(profiles: readonly Profile[]): void {
    this.notify('settingsChanged', this.#setProfiles(profiles));
  }

  #setProfiles(profiles: readonly Profile[]): SettingsView {
    this.#settings = { ...this.#settings, profiles: [...profiles] };
    return this.#settings;
  }

  #open(profileId: string, previousId: string | null): SessionInfo {
    const profile = this.#settings.profiles.find(({ id }) => id === profileId);
    if (profile === undefined) throw new RequestError('bad_request', 'There is no such profile.');
    this.#opened += 1;
    const info = fakeSession(this.#opened, {
      title: 'new shell',
      previousId,
      profileId: profile.id,
      profileName: profile.name,
      backend: profile.backend,
    });
    this.#sessions.set(info.id, info);
    setTimeout(() => this.notify('sessionChanged', info));
    return info;
  }

  #answer(method: string, input: unknown): unknown {
    if (!(method in METHODS)) throw new Error(`There is no ${method}.`);
    const args = (input ?? {}) as Record<string, never>; // A fake trusts its caller.
    const refusal = this.refusals.get(method);
    if (refusal !== undefined) throw new RequestError('not_allowed', refusal);
    switch (method as MethodName) {
      case 'app.info':
        return {
          name: 'Sandglass',
          version: '0.1.0',
          host: this.#host,
          platform: 'linux',
          screenReader: this.#host === 'desktop' ? false : null,
          logFolder: '/home/you/.local/state/sandglass/logs',
          recordingFolder: '/home/you/.local/share/sandglass/sessions',
          problems: [],
        };
      case 'settings.get':
        return this.#settings;
      case 'settings.change':
        this.#settings = withChanges(this.#settings, args.changes ?? []);
        return { view: this.#settings, endings: this.endings };
      case 'profiles.save': {
        const { refuseNext } = this;
        this.refuseNext = null;
        if (refuseNext !== null)
          throw new RequestError('invalid_setting', refuseNext.message, { field: refuseNext.field });
        const profile = profileSchema.parse(args.profile);
        return this.#setProfiles(replaced(this.#settings.profiles, profile, args.before));
      }
      case 'profiles.delete':
        return this.#setProfiles(this.#settings.profiles.filter(({ id }) => id !== args.id));
      case 'profiles.reset': {
        const preset = PRESETS.find(({ id }) => id === args.id);
        return preset === undefined ? this.#settings : this.#setProfiles(replaced(this.#settings.profiles, preset));
      }
      case 'profiles.chooseFolder':
        return this.#host === 'desktop'
          ? { outcome: 'chosen', folder: '/home/you/chosen' }
          : { outcome: 'unavailable' };
      case 'backends.status':
      case 'backends.check':
        return this.#backends;
      case 'backends.offers':
        return FAKE_OFFERS;
      case 'sessions.list':
        return [...this.#sessions.values()];
      case 'sessions.open':
        return this.#open(args.profileId ?? 'local', args.previousId ?? null);
      case 'sessions.attach': {
        const channel = Number(args.channel);
        this.#lastChannel = channel;
        this.#channels.set(channel, args.id ?? '');
        const starting = this.#sessions.get(args.id ?? '')?.state === 'starting';
        const screen = starting ? '' : SCREEN;
        const bytes = new TextEncoder().encode(screen).byteLength;
        const replay = { cols: 80, rows: 24, stateBytes: 0, replayBytes: bytes, replayTruncated: false };
        this.#receive(encodeOpened(channel, replay));
        if (!starting) setTimeout(() => this.#print(channel, screen));
        return {};
      }
      case 'sessions.resize':
        this.size = { cols: Number(args.cols), rows: Number(args.rows) };
        for (const [channel, id] of this.#channels) {
          if (id === args.id && args.cols !== undefined && args.rows !== undefined)
            this.#receive(encodeSize(channel, args.cols, args.rows));
        }
        return {};
      case 'sessions.rename':
        this.change(args.id ?? '', { title: args.title ?? '' });
        return {};
      case 'sessions.keepOpen':
      case 'sessions.extend':
        this.change(args.id ?? '', { warning: null });
        return {};
      case 'sessions.freeze':
        this.change(args.id ?? '', { state: 'frozen' });
        return {};
      case 'sessions.thaw':
        this.change(args.id ?? '', { state: 'waiting' });
        return {};
      case 'sessions.dismiss':
        this.#sessions.delete(args.id ?? '');
        setTimeout(() => this.notify('sessionRemoved', { id: args.id ?? '' }));
        return {};
      case 'sessions.restart': {
        const info = this.#sessions.get(args.id ?? '');
        if (info === undefined) throw new RequestError('unknown_session', 'There is no such session.');
        if (args.force !== true && info.foreground !== null)
          return { outcome: 'confirm', running: { foreground: info.foreground, background: [] } };
        const end = endedWith({ reason: 'reset', limitSeconds: null });
        this.change(info.id, { state: 'ended', end });
        return { outcome: 'restarted', session: this.#open(info.profileId, info.id) };
      }
      case 'history.list': {
        const from = args.before === undefined ? 0 : this.#history.findIndex(({ id }) => id === args.before) + 1;
        return this.#history.slice(from, from + Number(args.limit));
      }
      case 'hooks.list':
        return this.hooks.view();
      case 'hooks.deliveries':
        return this.hooks.deliveries(String(args.hook), args.state, Number(args.limit));
      case 'hooks.test': {
        const sent = this.hooks.test(String(args.hook));
        setTimeout(() => this.notifyHooks());
        return sent;
      }
      case 'hooks.sendAgain': {
        const count = this.hooks.sendAgain(String(args.hook), args.delivery ?? null);
        setTimeout(() => this.notifyHooks());
        return { count };
      }
      case 'hooks.enable':
        this.hooks.enable(String(args.hook));
        setTimeout(() => this.notifyHooks());
        return {};
      case 'hooks.openFolder':
        return { opened: this.#host === 'desktop', folder: this.hooks.view().folder };
      case 'credentials.list':
        return this.secrets.list();
      case 'credentials.store':
        return this.secrets.store(String(args.name), String(args.value));
      case 'credentials.remove':
        return this.secrets.remove(String(args.name));
      case 'sessions.close':
        if (args.force !== true)
          return { outcome: 'confirm', running: { foreground: 'npm run build', background: [] } };
        setTimeout(() => this.notify('sessionRemoved', { id: args.id ?? '' }));
        return { outcome: 'closed' };
      case 'sessions.events': {
        const info = this.#sessions.get(args.id ?? '');
        return { events: info === undefined ? [] : fakeEvents(info), leftOut: 0 };
      }
      case 'sessions.metrics':
        return {
          startedAt: Date.now() - 7_260_000,
          total: 41,
          active: 3,
          oldestAgeSeconds: 5_412,
          newestAgeSeconds: 38,
          averageAgeSeconds: 1_871,
          endedByReason: { exited: 21, idle_timeout: 9, closed: 6, max_duration: 1, start_failed: 1 },
          durations: [...DURATION_BUCKETS_SECONDS, null].map((upToSeconds, index) => ({
            upToSeconds,
            count: [1, 3, 4, 12, 8, 5, 3, 1, 1, 0, 0][index] ?? 0,
          })),
          expired: 12,
          lateness: { count: 10, maxMs: 11.4 },
          bytesOut: 18_412_331,
          bytesIn: 40_112,
          swept: 0,
          refused: 0,
        };
      case 'sessions.export':
        return { outcome: 'saved', file: '/home/you/session.zip' };
      case 'app.openLogs':
        return { opened: false, folder: '/home/you/.local/state/sandglass/logs' };
      default:
        return {};
    }
  }
}

/** The list with one profile put in its place, or added; with `before`, before that one, or at the end. */
function replaced(profiles: readonly Profile[], profile: Profile, before?: string | null): Profile[] {
  if (before !== undefined) {
    const others = profiles.filter(({ id }) => id !== profile.id);
    const at = others.findIndex(({ id }) => id === before);
    return others.toSpliced(at < 0 ? others.length : at, 0, profile);
  }
  return profiles.some(({ id }) => id === profile.id)
    ? profiles.map((other) => (other.id === profile.id ? profile : other))
    : [...profiles, profile];
}
