import { Snowflake } from 'lucide-react';
import { describeDuration, formatClock } from '../../shared/duration.ts';
import type { LimitReason, SessionInfo, SessionState } from '../../shared/session.ts';
import { Button, Tip } from '../components/button.tsx';
import { formatMoment } from '../components/format.ts';
import { useLiveNow, useLostSince } from '../connection/live-now.ts';
import { canFreeze, freeze, thaw } from '../session/actions.ts';
import { describeActivity, describeFrozen } from '../session/messages.ts';
import { useSample } from '../store/store.ts';
import { type Countdown, countdowns, remainingSeconds } from '../time/countdown.ts';

/** What a state means to a person. */
export const STATE_LABELS: Readonly<Record<SessionState, string>> = {
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
  const now = useLiveNow();
  const away = useLostSince() !== null;
  if (sample === undefined) return null;
  const { idle, max, thawMs, revokedMs, ageMs, idleMs } = countdowns(sample, now);
  const { maxCommands } = info.limits.values;
  const { lastActivity } = sample.timing;
  return (
    <>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          {STATE_LABELS[info.state]}
          {info.frozenBy === null ? null : <small>{frozenSentence(info, info.frozenBy)}</small>}
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
        {revokedMs === null ? null : (
          <>
            <dt>Closes</dt>
            <dd className="figures" data-testid="panel-revoked-time">
              in {formatClock(remainingSeconds(revokedMs))}
              <small>{info.revocation}</small>
            </dd>
          </>
        )}
        {thawMs === null ? null : (
          <>
            <dt>Closes</dt>
            <dd className="figures" data-testid="panel-thaw-time">
              in {formatClock(remainingSeconds(thawMs))}
              <small>unless it is thawed</small>
            </dd>
          </>
        )}
        <dt>Commands</dt>
        <dd data-testid="panel-commands">
          <span className="figures">{describeCommands(info.commands.used, maxCommands)}</span>
          <small>{COMMAND_SOURCES[info.commands.source]}</small>
          {maxCommands === 0 ? null : <Meter fraction={Math.max(0, 1 - info.commands.used / maxCommands)} />}
        </dd>
        <dt>Idle timeout</dt>
        <dd>{info.state === 'frozen' ? 'paused while frozen' : <Remaining countdown={idle} />}</dd>
        <dt>Maximum duration</dt>
        <dd>
          <Remaining countdown={max} />
        </dd>
      </dl>
      {away ? null : <FreezeButton info={info} />}
    </>
  );
}

/** Freezes a session, or thaws it. */
function FreezeButton({ info }: { info: SessionInfo }) {
  const frozen = info.state === 'frozen';
  if (!frozen && !canFreeze(info)) return null;
  const run = frozen ? thaw : freeze;
  return (
    <div className="actions section-actions">
      <Tip
        label={frozen ? 'Resumes the session where it was paused' : 'Pauses everything in the session'}
        command="freeze"
      >
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
      <Meter fraction={countdown.fraction} />
    </>
  );
}

function Meter({ fraction }: { fraction: number }) {
  return (
    <div className="meter" aria-hidden="true">
      <div style={{ transform: `scaleX(${fraction})` }} />
    </div>
  );
}

const COMMAND_SOURCES: Readonly<Record<SessionInfo['commands']['source'], string>> = {
  marks: 'counted by the shell’s own marks',
  lines: 'counted by the lines that were sent',
};

/** “3 of 20”; `max` 0: there is no such limit. */
function describeCommands(used: number, max: number): string {
  return max === 0 ? `${used} so far` : `${used} of ${max}`;
}

/** Which limit has frozen it, as a sentence. */
function frozenSentence(info: SessionInfo, by: LimitReason): string {
  const words = describeFrozen(by, info);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
