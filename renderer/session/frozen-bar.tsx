import { Snowflake } from 'lucide-react';
import { describeDuration, formatClock } from '../../shared/duration.ts';
import type { LimitReason, SessionInfo } from '../../shared/session.ts';
import { Button, Tip } from '../components/button.tsx';
import { useLiveNow } from '../connection/live-now.ts';
import { useSample } from '../store/store.ts';
import { countdowns, remainingSeconds } from '../time/countdown.ts';
import { thaw } from './actions.ts';
import { describeFrozen, extension } from './messages.ts';

/** Shows that a session is frozen, and why, and thaws it. */
export function FrozenBar({ info }: { info: SessionInfo }) {
  if (info.frozenBy !== null) return <FrozenByLimit info={info} frozenBy={info.frozenBy} />;
  return (
    <section className="banner frozen" data-testid="frozen-bar" aria-label="Frozen">
      <Snowflake className="icon" aria-hidden="true" />
      <p className="banner-text">
        <strong>Frozen.</strong> Everything in the session is paused. What you type is sent once it is thawed.
      </p>
      <div className="banner-actions">
        <Tip label="Resumes the session where it was paused" command="freeze">
          <Button variant="primary" data-testid="thaw" onClick={() => void thaw(info.id)}>
            Thaw session
          </Button>
        </Tip>
      </div>
    </section>
  );
}

/** For a session frozen because its time was up: it closes unless it is thawed. */
function FrozenByLimit({ info, frozenBy }: { info: SessionInfo; frozenBy: LimitReason }) {
  const sample = useSample(info.id);
  const now = useLiveNow();
  const thawMs = sample === undefined ? null : countdowns(sample, now).thawMs;
  return (
    <section
      className="banner frozen"
      data-testid="frozen-bar"
      data-by={frozenBy}
      data-last={(thawMs !== null && thawMs <= LAST_MS) || undefined}
      aria-label="Frozen, closing soon"
    >
      <Snowflake className="icon" aria-hidden="true" />
      <p className="banner-text">
        <strong data-testid="frozen-why">Frozen: {describeFrozen(frozenBy, info)}.</strong>{' '}
        {thawMs === null ? (
          'It closes unless you thaw it.'
        ) : (
          <>
            Closes in{' '}
            <span className="figures" data-testid="frozen-time">
              {formatClock(remainingSeconds(thawMs))}
            </span>{' '}
            unless you thaw it.
          </>
        )}
      </p>
      <div className="banner-actions">
        <ThawButton info={info} frozenBy={frozenBy} />
      </div>
    </section>
  );
}

/** Below this, it is said as the last warning is. */
const LAST_MS = 60_000;

/** Thawing a session that was open for as long as it may takes one of its extensions. */
function ThawButton({ info, frozenBy }: { info: SessionInfo; frozenBy: LimitReason }) {
  if (frozenBy !== 'max_duration') {
    return (
      <Tip label="Typing does the same" command="freeze">
        <Button variant="primary" data-testid="thaw" onClick={() => void thaw(info.id)}>
          Thaw session
        </Button>
      </Tip>
    );
  }
  const more = extension(info, null);
  return more.possible ? (
    <Tip label="Uses one of its extensions; typing does the same" command="freeze">
      <Button variant="primary" data-testid="thaw" onClick={() => void thaw(info.id)}>
        Thaw and extend {describeDuration(more.seconds)} · {more.left} left
      </Button>
    </Tip>
  ) : (
    <Button data-testid="thaw" disabled>
      {more.reason}
    </Button>
  );
}
