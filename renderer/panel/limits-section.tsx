import { describeDuration } from '../../shared/duration.ts';
import { PROFILE_LABELS } from '../../shared/labels.ts';
import type { LimitName, OnExpiry } from '../../shared/limits.ts';
import type { SessionInfo } from '../../shared/session.ts';
import { Button } from '../components/button.tsx';
import { extend } from '../session/actions.ts';
import { describeActivity, describeOrigin, extension } from '../session/messages.ts';
import { useApp, useSample } from '../store/store.ts';
import { countdowns } from '../time/countdown.ts';

/** What happens when a limit runs out. */
const EXPIRY_LABELS: Readonly<Record<OnExpiry, string>> = {
  close: 'it closes',
  reset: 'it closes, and any key starts a new session',
  freeze: 'it is frozen, and closes unless it is thawed in time',
};

/** A timeout in words. */
function describeTimeout(seconds: number): string {
  return seconds === 0 ? 'off' : describeDuration(seconds);
}

/** Each limit in force, who set it, and what may still be extended. */
export function LimitsSection({ info }: { info: SessionInfo }) {
  const { values, caps } = info.limits;
  const cap = (seconds: number): string =>
    seconds > 0 ? `; the policy allows up to ${describeDuration(seconds)}` : '';
  return (
    <>
      <dl className="facts">
        <Row info={info} name="idleTimeoutSeconds" after={cap(caps.idleTimeoutSeconds)}>
          {describeTimeout(values.idleTimeoutSeconds)}
        </Row>
        <Row info={info} name="maxDurationSeconds" after={cap(caps.maxDurationSeconds)}>
          {describeTimeout(values.maxDurationSeconds)}
        </Row>
        <Row info={info} name="activity">
          {values.activity.map(describeActivity).join(', ')}
        </Row>
        <Row info={info} name="warnBeforeSeconds">
          {values.warnBeforeSeconds.length === 0
            ? 'never'
            : values.warnBeforeSeconds.map((seconds) => describeDuration(seconds)).join(', ')}
        </Row>
        <Row info={info} name="extensions">
          {info.extensions.count === 0
            ? 'none'
            : `${info.extensions.used} of ${info.extensions.count} used, ${describeDuration(info.extensions.seconds)} each`}
        </Row>
        <Row info={info} name="maxCommands">
          {values.maxCommands === 0 ? 'off' : `${info.commands.used} of ${values.maxCommands} used`}
        </Row>
        <Row info={info} name="onExpiry">
          {EXPIRY_LABELS[values.onExpiry]}
        </Row>
        {values.onExpiry === 'freeze' ? (
          <Row info={info} name="thawWindowSeconds">
            {describeDuration(values.thawWindowSeconds)}
          </Row>
        ) : null}
        <Row info={info} name="closeGraceSeconds">
          {describeDuration(values.closeGraceSeconds)}
        </Row>
      </dl>
      {info.end === null ? <ExtendButton info={info} /> : null}
    </>
  );
}

function Row({
  info,
  name,
  after = '',
  children,
}: {
  info: SessionInfo;
  name: LimitName;
  after?: string;
  children: React.ReactNode;
}) {
  const policyIsOwn = useApp((state) => state.settings?.policyIsOwn ?? false);
  return (
    <>
      <dt>{PROFILE_LABELS[name]}</dt>
      <dd data-testid={`limit-${name}`}>
        {children}
        <small>
          From {describeOrigin(info.limits.origins[name], info.profileName, policyIsOwn)}
          {after}
        </small>
      </dd>
    </>
  );
}

function ExtendButton({ info }: { info: SessionInfo }) {
  const sample = useSample(info.id);
  if (sample === undefined) return null;
  const more = extension(info, countdowns(sample, sample.at).max);
  return (
    <div className="actions section-actions">
      <Button data-testid="panel-extend" disabled={!more.possible} onClick={() => void extend(info.id)}>
        {more.possible ? `Extend ${describeDuration(more.seconds)} · ${more.left} left` : more.reason}
      </Button>
    </div>
  );
}
