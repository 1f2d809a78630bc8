import { PRESENCE_PATH, presenceSchema } from '../../shared/presence.ts';
import { AwayError } from './away.ts';

/** How long the host may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** How often a connected page probes its host, in milliseconds: a tunnel that hangs closes no socket. */
const POLL_MS = 15_000;

/** What the browser's page knows of its host beside the socket: a failed WebSocket does not say why. */
export class HostPresence {
  #instance: string | null = null;

  /**
   * Asks the host whether this page may connect.
   *
   * @throws AwayError that says why not
   */
  async check(): Promise<void> {
    const { instance, signedIn, hasRoom } = await probe();
    if (!signedIn) {
      const known = this.#instance;
      const restarted = known !== null && known !== instance;
      throw restarted
        ? new AwayError('restarted', 'Sandglass was started again and needs a new sign-in.')
        : new AwayError('signed_out', 'This browser is not signed in.');
    }
    if (!hasRoom) throw new AwayError('full', 'Too many windows are connected.');
    this.#instance = instance;
  }

  /**
   * Calls back when the host no longer answers, until `signal` is aborted: not when it is only slow, since requests under way
   * fail with the connection.
   *
   * @param heardAt when something came from it last, a time of `performance.now()`
   */
  watch(signal: AbortSignal, heardAt: () => number, onSilence: (reason: string) => void): void {
    let polling = false;
    const isSilent = async (): Promise<boolean> => {
      const began = performance.now();
      const error = await probe().then(
        () => null,
        (reason: unknown) => reason,
      );
      return error instanceof AwayError && error.why === 'unreachable' && heardAt() < began;
    };
    const poll = async (): Promise<void> => {
      if (polling) return;
      polling = true;
      const silent = (await isSilent()) && (await isSilent());
      polling = false;
      if (silent && !signal.aborted) onSilence('Sandglass does not answer.');
    };
    const timer = setInterval(() => void poll(), POLL_MS);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
}

async function probe() {
  let response: Response;
  try {
    response = await fetch(PRESENCE_PATH, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new AwayError('unreachable', 'Sandglass does not answer.');
  }
  const answer = presenceSchema.safeParse(await response.json().catch(() => null));
  if (!answer.success) throw new AwayError('foreign', 'Another program answers at this address.');
  return answer.data;
}
