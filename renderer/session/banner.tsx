import { Hourglass, ShieldBan } from 'lucide-react';
import { describeDuration, formatClock } from '../../shared/duration.ts';
import type { SessionInfo } from '../../shared/session.ts';
import { Button, Tip } from '../components/button.tsx';
import { useLiveNow } from '../connection/live-now.ts';
import { useSample } from '../store/store.ts';
import { countdowns, remainingSeconds } from '../time/countdown.ts';
import { extend, keepOpen } from './actions.ts';
import { describeWarning, extension } from './messages.ts';

/** The policy no longer allows the session: nothing that can be done here keeps it open. */
function Revoked({ why, remainingMs }: { why: string; remainingMs: number }) {
  return (
    <section className="banner" data-testid="banner" data-last="true" data-revoked="true" aria-label="Closing soon">
      <ShieldBan className="icon" aria-hidden="true" />
      <p className="banner-text">
        <strong>
          Closes in{' '}
          <span className="figures" data-testid="banner-time">
            {formatClock(remainingSeconds(remainingMs))}
          </span>
        </strong>
        : <span data-testid="banner-revoked">{why}.</span>
      </p>
    </section>
  );
}

/** The warning in force, under the terminal's last line: how long, why, and what to do about it. */
export function Banner({ info }: { info: SessionInfo }) {
  const sample = useSample(info.id);
  const now = useLiveNow();
  const { warning } = info;
  if (warning === null || sample === undefined) return null;
  const counts = countdowns(sample, now);
  if (info.revocation !== null && counts.revokedMs !== null)
    return <Revoked why={info.revocation} remainingMs={counts.revokedMs} />;
  const countdown = warning.deadline === 'idle' ? counts.idle : counts.max;
  if (countdown === null) return null;
  const more = extension(info, counts.max);
  return (
    <section className="banner" data-testid="banner" data-last={warning.last || undefined} aria-label="Closing soon">
      <Hourglass className="icon" aria-hidden="true" />
      <p className="banner-text">
        <strong>
          Closes in{' '}
          <span className="figures" data-testid="banner-time">
            {formatClock(remainingSeconds(countdown.remainingMs))}
          </span>
        </strong>
        : {describeWarning(info, countdown)}
      </p>
      <div className="banner-actions">
        {warning.deadline === 'idle' ? (
          <Tip label="Counts as activity" command="keepOpen">
            <Button variant="primary" data-testid="keep-open" onClick={() => void keepOpen(info.id)}>
              Keep open
            </Button>
          </Tip>
        ) : null}
        {more.possible ? (
          <Tip label="Extends both limits" command="extend">
            <Button
              variant={warning.deadline === 'max' ? 'primary' : 'secondary'}
              data-testid="extend"
              onClick={() => void extend(info.id)}
            >
              Extend {describeDuration(more.seconds)} · {more.left} left
            </Button>
          </Tip>
        ) : (
          <Button data-testid="extend" disabled>
            {more.reason}
          </Button>
        )}
      </div>
    </section>
  );
}
