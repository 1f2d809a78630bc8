import type { Credential } from '../../shared/profile.ts';
import type { CredentialState, StartFailure, StartProgress } from '../../shared/session.ts';
import type { CredentialValue } from '../backends/backend.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Fetch } from './fetcher.ts';
import { type CredentialStep, RETRY_MS, SharedCredential } from './shared-credential.ts';

/** What a broker works with. */
export interface BrokerOptions {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  readonly fetch: Fetch;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Fetches credentials for all sessions: each once for all that use it, as long as one does. */
export class CredentialBroker {
  readonly #options: BrokerOptions;
  readonly #shared = new Map<string, SharedCredential>();

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** How many are in use; for tests that nothing is left. */
  get size(): number {
    return this.#shared.size;
  }

  /**
   * The credentials of one session, to be disposed of at its end. Nothing is fetched before it is asked for; what others have
   * fetched may be there.
   */
  lease(definitions: readonly Credential[], onChange: () => void): CredentialLease {
    return new CredentialLease(
      definitions.map((definition) => ({ definition, shared: this.#share(definition) })),
      onChange,
    );
  }

  /** The machine woke up or its clock jumped. */
  check(): void {
    for (const shared of this.#shared.values()) shared.check();
  }

  /** A stored secret has another value now: sessions that have the old one get it. Resolves when they have it. Never rejects. */
  async replaced(name: string): Promise<void> {
    const concerned = [...this.#shared.values()].filter(
      ({ definition: { source } }) => source.kind === 'stored' && source.name === name,
    );
    await Promise.all(concerned.map((shared) => shared.renew()));
  }

  #share(definition: Credential): SharedCredential {
    const { source, env, ttlSeconds } = definition;
    const key = JSON.stringify([env, ttlSeconds, source]);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const { clock, logger } = this.#options;
    const fetch: Fetch = async (from, signal) => {
      const fetched = await this.#options.fetch(from, signal);
      if (!fetched.ok && !signal.aborted)
        logger.warn({ credential: env, why: fetched.message }, 'A credential could not be fetched');
      return fetched;
    };
    const shared = new SharedCredential({ definition, clock, fetch, onUnused: () => this.#shared.delete(key) });
    this.#shared.set(key, shared);
    return shared;
  }
}

/** What is reported of a fetch that others wait for. */
type Progress = (progress: StartProgress) => void;

/** One credential as a session asks for it. */
interface Leased {
  readonly definition: Credential;
  readonly shared: SharedCredential;
}

/** The credentials of one session. */
export class CredentialLease implements Disposable {
  readonly #leased: readonly Leased[];
  readonly #ends: readonly (() => void)[];
  #onChange: () => void;
  #report: (() => void) | null = null;

  constructor(leased: readonly Leased[], onChange: () => void) {
    this.#leased = leased;
    this.#onChange = onChange;
    this.#ends = leased.map(({ shared }) =>
      shared.use(() => {
        this.#report?.();
        this.#onChange();
      }),
    );
  }

  /** Another number when a value is another one. */
  get version(): number {
    return this.#leased.reduce((sum, { shared }) => sum + shared.version, 0);
  }

  /** The values there are now, to be copied at once. */
  get values(): CredentialValue[] {
    return this.#leased.flatMap(({ definition: { env }, shared: { value } }) =>
      value === null ? [] : [{ env, value }],
    );
  }

  get states(): CredentialState[] {
    return this.#leased.map(({ definition: { env }, shared: { step, value } }) => stateOf(env, step, value !== null));
  }

  /** Fetches all of them at once. Resolves when each is there or was not available, or when `signal` aborts. Never rejects. */
  async fetch(onProgress: Progress, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    this.#report = () => {
      const progress = progressOf(this.#leased);
      if (progress !== null) onProgress(progress);
    };
    await Promise.race([Promise.all(this.#leased.map(({ shared }) => shared.settle())), aborted.promise]);
    this.#report = null;
    signal.removeEventListener('abort', abort);
  }

  /** Why a session cannot start: the first that it requires and that is not there. */
  get failure(): StartFailure | null {
    for (const { definition, shared } of this.#leased) {
      const { step, isGood } = shared;
      if (isGood || !definition.required) continue;
      const why = 'message' in step ? step.message : 'It could not be fetched.';
      const hint = step.kind === 'missing' ? step.hint : 'Make sure it can be fetched again.';
      return {
        stage: 'credentials',
        message: `${definition.env} is required and not available. ${why}`,
        hint: `${hint} Then open a new session.`,
      };
    }
    return null;
  }

  [Symbol.dispose](): void {
    this.#onChange = () => {};
    this.#report = null;
    for (const end of this.#ends) end();
  }
}

function stateOf(env: string, step: CredentialStep, hasValue: boolean): CredentialState {
  switch (step.kind) {
    case 'ready':
      return { env, state: 'ready', message: null };
    case 'fetching':
      return hasValue
        ? { env, state: 'ready', message: null }
        : { env, state: 'missing', message: 'It is being fetched.' };
    case 'waiting':
    case 'missing':
    case 'stale':
      return { env, state: hasValue ? 'stale' : 'missing', message: step.message };
  }
}

/** What is being fetched; null when nothing is. */
function progressOf(leased: readonly Leased[]): StartProgress | null {
  const open = leased.filter(({ shared: { step } }) => step.kind === 'fetching' || step.kind === 'waiting');
  const [first] = open;
  if (first === undefined) return null;
  const names = new Intl.ListFormat('en').format(open.map(({ definition }) => definition.env));
  const { step } = first.shared;
  const detail = step.kind === 'waiting' ? `${step.message} Trying once more in ${RETRY_MS / 1_000} seconds` : '';
  return { stage: 'credentials', message: `Fetching ${names}`, detail, fraction: null };
}
