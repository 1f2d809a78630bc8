import { RequestError } from '../../shared/errors.ts';

/** How long a session that follows one of an earlier run waits, in milliseconds. */
const WAIT_MS = 10_000;

/**
 * Waits until every session of an earlier run has its end: whoever is told of sessions hears of the end of one before the
 * start of the next that names it.
 *
 * @throws RequestError when that takes too long, as while the journal cannot be opened.
 */
export async function afterRecovery(recovered: Promise<unknown>, waitMs: number = WAIT_MS): Promise<void> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), waitMs);
  const outcome = await Promise.race([recovered, late.promise]);
  clearTimeout(timer);
  if (outcome !== 'late') return;
  throw new RequestError(
    'not_allowed',
    'Sandglass is still looking at what its last run has left. Try again in a moment, or open a new tab.',
  );
}
