import { Snowflake } from 'lucide-react';
import { describeDuration, formatClock } from '../../shared/duration.ts';
import type { SessionInfo, SessionState } from '../../shared/session.ts';
import { canFreeze, freeze, thaw } from '../actions/session.ts';
import { Button, Tip } from '../components/button.tsx';
import { describeActivity, formatMoment } from '../session/words.ts';
import { useSample } from '../store/store.ts';
import { type Countdown, countdowns, remainingSeconds } from '../time/countdown.ts';
import { useNow } from '../time/tick.ts';

/** What a state means to a person. */
export const STATE_WORDS: Readonly<Record<SessionState, string>> = {
  starting: 'Starting',
  waiting: 'Waiting at a prompt',
  running: 'Running a command',
  interrupted: 'Interrupted',
  frozen: 'Frozen',
  closing: 'Closing',
  ended: 'Ended',
};

/** State, last sign of life, and both deadlines as they count down. */
export function NowSection({ info }: { info: SessionInfo }) {
  const sample = useSample(info.id);
  const now = useNow();
  if (sample === undefined) return null;
  const { idle, max, ageMs, idleMs } = countdowns(sample, now);
  const { lastActivity } = sample.timing;
  return (
    <>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          {STATE_WORDS[info.state]}
          {info.foreground === null ? null : <small className="mono">{info.foreground}</small>}
        </dd>
        <dt>Last activity</dt>
        <dd>
          <span className="figures">{describeDuration(Math.floor(idleMs / 1_000))} ago</span>
          <small>
            {describeActivity(lastActivity.kind)}, {formatMoment(lastActivity.at, Date.now(), true)}
          </small>
        </dd>
        <dt>Open for</dt>
        <dd className="figures">
          {formatClock(ageMs / 1_000)}
          <small>since {formatMoment(info.createdAt, Date.now())}</small>
        </dd>
        <dt>Idle limit</dt>
        <dd>{info.state === 'frozen' ? 'rests while it is frozen' : <Remaining countdown={idle} />}</dd>
        <dt>Max duration</dt>
        <dd>
          <Remaining countdown={max} />
        </dd>
      </dl>
      <FreezeButton info={info} />
    </>
  );
}

/** Stops it where it stands, or lets it go on. */
function FreezeButton({ info }: { info: SessionInfo }) {
  const frozen = info.state === 'frozen';
  if (!frozen && !canFreeze(info)) return null;
  const run = frozen ? thaw : freeze;
  return (
    <div className="actions section-actions">
      <Tip label={frozen ? 'Lets it go on where it stood' : 'Stops everything in it where it stands'} command="freeze">
        <Button data-testid="panel-freeze" onClick={() => void run(info.id)}>
          <Snowflake className="icon" aria-hidden="true" />
          {frozen ? 'Thaw session' : 'Freeze session'}
        </Button>
      </Tip>
    </div>
  );
}

function Remaining({ countdown }: { countdown: Countdown | null }) {
  if (countdown === null) return <span>off</span>;
  return (
    <>
      <span className="figures">{formatClock(remainingSeconds(countdown.remainingMs))} left</span>
      <div className="meter" aria-hidden="true">
        <div style={{ transform: `scaleX(${countdown.fraction})` }} />
      </div>
    </>
  );
}
