/** Why there is no connection to the core. */
export type AwayReason =
  /** It broke, or could not be made; whether the core still runs is not known. */
  | 'unreachable'
  /** The core was quit; its sessions have ended. */
  | 'quit'
  /** The core was started again, and wants another sign-in. */
  | 'restarted'
  /** The same core no longer accepts this browser's sign-in. */
  | 'signed_out'
  /** Something else answers at the page's address. */
  | 'foreign'
  /** As many windows are connected as may be. */
  | 'full'
  /** The connection was made, and setting the window up failed. */
  | 'failed';

/** The connection could not be made; the message is for people. */
export class AwayError extends Error {
  override readonly name = 'AwayError';
  readonly why: AwayReason;

  constructor(why: AwayReason, message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * What is known after a further attempt has failed: that nothing answers does not take back that the core was quit, or that
 * another one wants a sign-in.
 */
export function nextReason(known: AwayReason | null, found: AwayReason): AwayReason {
  return found === 'unreachable' && known === 'quit' ? known : found;
}
