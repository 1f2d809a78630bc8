import { RequestError } from '../../shared/errors.ts';
import { withDeadline } from '../base/with-deadline.ts';

/** How long a session that follows one of an earlier run waits, in milliseconds. */
const WAIT_MS = 10_000;

/**
 * Waits until every session of an earlier run has its end, so that the end of one is emitted before the start of the next
 * that names it.
 *
 * @throws RequestError when that takes too long, as while the journal cannot be opened.
 */
export async function afterRecovery(recovered: Promise<unknown>, waitMs: number = WAIT_MS): Promise<void> {
  const outcome = await withDeadline(recovered, waitMs, 'late');
  if (outcome !== 'late') return;
  throw new RequestError(
    'not_allowed',
    'Sandglass is still looking at what its last run has left. Try again in a moment, or open a new tab.',
  );
}
