import type { Credential, Profile } from '../../shared/profile.ts';
import type { CredentialState, StartFailure, StartProgress } from '../../shared/session.ts';
import type { BackendProcess, CredentialSupply } from '../backends/backend.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Recorder } from '../recording/recorder.ts';
import { Secrets } from '../recording/redaction/secrets.ts';
import { redactText } from '../recording/redaction/stream-redactor.ts';
import type { CredentialBroker, CredentialLease } from './broker.ts';
import { usableValue } from './value.ts';

/** When values that could not be put into the session are tried again, in milliseconds. */
const DELIVER_AGAIN_MS = 15_000;

/** What a session's credentials are made with. */
export interface SessionCredentialsOptions {
  readonly sessionId: string;
  readonly definitions: readonly Credential[];
  /** Null where this host fetches none. */
  readonly broker: CredentialBroker | null;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: Pick<Logger, 'warn'>;
  /** {@link SessionCredentials.states} are others. */
  onChange(): void;
}

const NO_BROKER: StartFailure = {
  stage: 'credentials',
  message: 'Credentials cannot be fetched here.',
  hint: 'Use a profile without credentials.',
};

/**
 * The credentials of one session through its life: fetched for its start, put into it again when they are replaced, kept
 * out of all that is written of it, and forgotten at its end.
 */
export class SessionCredentials implements Disposable {
  readonly #options: SessionCredentialsOptions;
  readonly #secrets = new Secrets();
  readonly #lease: CredentialLease | null;
  /** Texts that held a secret, and what was made of them: what was said of a session is said alike after its end. */
  readonly #redacted = new Map<string, string>();
  #process: BackendProcess | null = null;
  #recorder: Recorder | null = null;
  /** Which values the session has. */
  #delivered = 0;
  #isDelivering = false;
  #undelivered: string | null = null;
  #timer: Timer | null = null;
  #isOver = false;

  constructor(options: SessionCredentialsOptions) {
    this.#options = options;
    this.#lease = options.broker?.lease(options.definitions, () => this.#onChange()) ?? null;
  }

  /** Where each stands. */
  get states(): CredentialState[] {
    const states =
      this.#lease?.states ??
      this.#options.definitions.map(({ env }) => ({ env, state: 'missing' as const, message: NO_BROKER.message }));
    const message = this.#undelivered;
    return message === null
      ? states
      : states.map((each) => (each.state === 'ready' ? { ...each, state: 'stale', message } : each));
  }

  /** What a backend delivers at the start. */
  get supply(): CredentialSupply {
    return {
      names: this.#options.definitions.map(({ env }) => env),
      take: () => {
        this.#delivered = this.#lease?.version ?? 0;
        return this.#lease?.values ?? [];
      },
    };
  }

  /**
   * Fetches them for a session that starts. Resolves when that is done, or when `signal` aborts.
   *
   * @returns why the session cannot start; null where it can.
   */
  async fetch(onProgress: (progress: StartProgress) => void, signal: AbortSignal): Promise<StartFailure | null> {
    if (this.#lease === null) return NO_BROKER;
    this.#learn();
    await this.#lease.fetch(onProgress, signal);
    return this.#lease.failure;
  }

  /** What the terminal says before the shell starts: a line for each that is not as it should be. */
  get warnings(): string[] {
    return this.states.flatMap(({ env, state, message }) => {
      if (state === 'ready') return [];
      const what = state === 'missing' ? 'The session starts without it.' : 'The session starts with an old value.';
      return [`Credential not available: ${env}. ${message ?? ''} ${what}`];
    });
  }

  /** The session's shell runs: what was replaced since its start began is put into it, and what will be. */
  attach(process: BackendProcess): void {
    this.#process = process;
    void this.#deliver();
  }

  /**
   * The session had been opened by an earlier run of the app. What it got then is learnt, so that it is not recorded; where
   * that cannot be read, its values are fetched first. Its output must wait until this resolves. Never rejects.
   */
  async resume(process: BackendProcess, signal: AbortSignal): Promise<void> {
    const { definitions, logger, sessionId } = this.#options;
    const known = await process.readCredentials?.();
    for (const { env, value } of known ?? []) {
      // What comes out of a container is its programs' word: a letter taken for a secret would blank the whole recording.
      const checked = usableValue(Buffer.from(value), env);
      if (checked.ok) this.#addSecret(env, checked.value.toString());
      value.fill(0);
    }
    // None of these is what it has already, as far as is known.
    this.#delivered = -1;
    this.#process = process;
    const fetching = this.#lease?.fetch(() => {}, signal).then(() => this.#deliver());
    if ((known !== null && known !== undefined) || definitions.length === 0) return;
    logger.warn({ session: sessionId }, 'The credentials of a session of an earlier run could not be read back');
    await fetching;
  }

  /** Keeps the values out of a recording, those of now and those that are fetched later. */
  protect(recorder: Recorder): void {
    for (const { name, value } of this.#secrets.known) recorder.addSecret(name, value);
    this.#recorder = recorder;
  }

  /** A text without the values. */
  redact(text: string): string {
    if (this.#isOver) return this.#redacted.get(text) ?? text;
    const redacted = redactText(this.#secrets, text);
    if (redacted !== text) this.#redacted.set(text, redacted);
    return redacted;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#process = null;
    this.#recorder = null;
    this.#lease?.[Symbol.dispose]();
    this.#secrets.clear();
  }

  #onChange(): void {
    if (this.#isOver) return;
    // Before anyone can print it.
    this.#learn();
    void this.#deliver();
    this.#options.onChange();
  }

  #learn(): void {
    for (const { env, value } of this.#lease?.values ?? []) this.#addSecret(env, Buffer.from(value).toString());
  }

  #addSecret(name: string, value: string): void {
    if (this.#secrets.add(name, value)) this.#recorder?.addSecret(name, value);
  }

  /** Puts the latest values into the session, one delivery after the other. Never rejects. */
  async #deliver(): Promise<void> {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    while (this.#process !== null && this.#lease !== null && this.#delivered !== this.#lease.version) {
      const { version, values } = this.#lease;
      const process = this.#process;
      const why = values.length === 0 ? null : await this.#tryToUpdate(process, values);
      if (this.#isOver) break;
      this.#setUndelivered(why);
      if (why !== null) {
        this.#timer?.[Symbol.dispose]();
        this.#timer = this.#options.clock.setTimer(DELIVER_AGAIN_MS, () => void this.#deliver());
        break;
      }
      this.#delivered = version;
    }
    this.#isDelivering = false;
  }

  async #tryToUpdate(process: BackendProcess, values: CredentialLease['values']): Promise<string | null> {
    try {
      const why = (await process.updateCredentials?.(values)) ?? null;
      return why === null ? null : `The new value is not in the session. ${why}`;
    } catch (error) {
      const { logger, sessionId } = this.#options;
      logger.warn({ session: sessionId, err: error }, 'Credentials could not be put into a session');
      return 'The new value is not in the session.';
    }
  }

  #setUndelivered(why: string | null): void {
    if (why === this.#undelivered) return;
    this.#undelivered = why;
    this.#options.onChange();
  }
}

/** A session whose credentials are opened. */
export interface SessionWithCredentials extends Omit<SessionCredentialsOptions, 'definitions'> {
  readonly profile: Pick<Profile, 'credentials'>;
  /** An earlier run of the app opened the session: its profile may have declared credentials then. */
  readonly isResumed: boolean;
}

/** The session's credentials, or null if its profile declares none. */
export function openCredentials({ profile, isResumed, ...options }: SessionWithCredentials): SessionCredentials | null {
  if (profile.credentials.length === 0 && !isResumed) return null;
  return new SessionCredentials({ ...options, definitions: profile.credentials });
}
