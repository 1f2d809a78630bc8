import { messageOf } from '../../shared/error-message.ts';
import type { StartFailure } from '../../shared/session.ts';
import type { ProcessTracker } from '../processes/tracker.ts';
import type { CredentialValue, StartSpec } from './backend.ts';
import {
  CREDENTIALS_INSIDE,
  CREDENTIALS_VARIABLE,
  type CredentialFolder,
  type CredentialFolders,
} from './credential-folders.ts';

/** The longest value of a variable on Windows is a little longer than this, in characters. */
const LONGEST_ON_WINDOWS = 32_000;

/** A session's credentials, ready for its start. */
export interface Delivery {
  /** The variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** The files; null for a session without credentials. It goes with the session. */
  readonly folder: CredentialFolder | null;
  /** How many values there are. */
  readonly count: number;
  /** There is no session after all. */
  giveBack(): void;
}

export type DeliveryResult =
  | { readonly ok: true; readonly delivery: Delivery }
  | { readonly ok: false; readonly failure: StartFailure };

const NOTHING: Delivery = { environment: {}, folder: null, count: 0, giveBack() {} };

/** What credentials are delivered with. */
export interface DeliveryOptions {
  /** Absent where no session has any. */
  readonly folders?: CredentialFolders | undefined;
  readonly tracker?: Pick<ProcessTracker, 'ended'> | undefined;
}

/**
 * Puts the credentials of a session that is about to start into variables and into files of its own.
 *
 * @param place where the session sees the files: on this machine, or inside a sandbox.
 */
export function deliverCredentials(
  { sessionId, credentials }: Pick<StartSpec, 'sessionId' | 'credentials'>,
  { folders, tracker }: DeliveryOptions,
  place: 'here' | 'inside',
): DeliveryResult {
  if (credentials === undefined || credentials.names.length === 0) return { ok: true, delivery: NOTHING };
  let folder: CredentialFolder | null = null;
  const giveBack = (): void => {
    folder?.[Symbol.dispose]();
    tracker?.ended(sessionId);
  };
  try {
    if (folders === undefined) throw new Error('this host has no place for private files');
    folder = folders.create(sessionId);
    const values = credentials.take();
    folder.write(values);
    const path = place === 'here' ? folder.path : CREDENTIALS_INSIDE;
    const environment = { ...variablesOf(values), [CREDENTIALS_VARIABLE]: path };
    return { ok: true, delivery: { environment, folder, count: values.length, giveBack } };
  } catch (error) {
    giveBack();
    const message = `The credentials could not be given to the session: ${messageOf(error)}`;
    const hint = 'Make room in the folder for private files (XDG_RUNTIME_DIR, /dev/shm or that for temporary files).';
    return { ok: false, failure: { stage: 'credentials', message, hint } };
  }
}

/** The values as variables. On Windows one that is too long for a variable is only in its file. */
function variablesOf(values: readonly CredentialValue[]): Record<string, string> {
  const longest = process.platform === 'win32' ? LONGEST_ON_WINDOWS : Number.POSITIVE_INFINITY;
  return Object.fromEntries(
    values
      .map(({ env, value }) => [env, Buffer.from(value).toString()] as const)
      .filter(([, text]) => text.length <= longest),
  );
}
