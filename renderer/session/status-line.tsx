import {
  KeyRound,
  type LucideIcon,
  ShieldAlert,
  ShieldCheck,
  ShieldOff,
  ShieldQuestionMark,
  Snowflake,
  Unplug,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { formatClock } from '../../shared/duration.ts';
import type { Activity, SessionInfo } from '../../shared/session.ts';
import { AsOf } from '../components/as-of.tsx';
import { Figures } from '../components/figures.tsx';
import { formatMoment } from '../components/format.ts';
import { useLiveNow, useLostSince } from '../connection/live-now.ts';
import type { PanelSection } from '../store/state.ts';
import { useApp, useSample } from '../store/store.ts';
import { type Countdown, countdowns, remainingSeconds } from '../time/countdown.ts';
import { toggleSessionPanel } from './actions.ts';
import { badgeOf, type Closure } from './badge.ts';
import { credentialWarning, EXPIRY_NAMES } from './messages.ts';

/** The window's bottom edge: isolation, time and recording of the session in the active tab. */
export function StatusLine({ info }: { info: SessionInfo }) {
  const lostSince = useLostSince();
  const lost = useApp((state) => state.lost.has(info.id));
  const since = info.end === null && !lost ? lostSince : null;
  return (
    <footer className="status" data-testid="status" data-away={since !== null || undefined}>
      <IsolationBadge info={info} />
      <Credentials info={info} />
      <div className="strip-spacer" />
      {since === null ? null : (
        <Item section="now" testId="status-away">
          <Unplug className="icon" aria-hidden="true" />
          <AsOf since={since} />
        </Item>
      )}
      {info.state === 'frozen' ? (
        <Item section="now" testId="status-frozen">
          <Snowflake className="icon" aria-hidden="true" />
          {info.frozenBy === null ? 'frozen' : `frozen by its ${EXPIRY_NAMES[info.frozenBy]}`}
        </Item>
      ) : null}
      {lost ? (
        <Item section="now" testId="status-lost">
          Ended
        </Item>
      ) : info.end === null ? (
        <Time info={info} />
      ) : (
        <Item section="events">
          {info.restored ? 'Restored session · ended' : 'Ended'} {formatMoment(info.end.at, Date.now())}
        </Item>
      )}
      <Recording info={info} away={lost || since !== null} />
    </footer>
  );
}

const BADGE_ICONS: Readonly<Record<Closure, LucideIcon>> = {
  none: ShieldOff,
  unknown: ShieldQuestionMark,
  closed: ShieldCheck,
  open: ShieldAlert,
};

/** What was found of the sandbox. What is open is said in words, and in another colour and shape. */
function IsolationBadge({ info }: { info: SessionInfo }) {
  const { closure, text } = badgeOf(info);
  const Icon = BADGE_ICONS[closure];
  return (
    <Item
      section="isolation"
      testId="status-isolation"
      tone={closure === 'open' ? 'warn' : undefined}
      title={text}
      closure={closure}
    >
      <Icon className="icon" aria-hidden="true" />
      <span>
        <span className="visually-hidden">Isolation: </span>
        {text}
      </span>
    </Item>
  );
}

/** What is wrong with its credentials, while it runs; nothing where nothing is. */
function Credentials({ info }: { info: SessionInfo }) {
  const text = info.end === null ? credentialWarning(info.credentials) : null;
  if (text === null) return null;
  const why = info.credentials.flatMap(({ env, message }) => (message === null ? [] : [`${env}: ${message}`]));
  return (
    <Item section="credentials" testId="status-credentials" tone="warn" title={why.join('\n')}>
      <KeyRound className="icon" aria-hidden="true" />
      <span>{text}</span>
    </Item>
  );
}

function Item({
  section,
  testId,
  tone,
  title,
  closure,
  children,
}: {
  section: PanelSection;
  testId?: string;
  tone?: 'warn' | 'danger' | undefined;
  title?: string;
  closure?: Closure;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={section === 'isolation' || section === 'credentials' ? 'status-item' : 'status-item fixed'}
      data-testid={testId}
      data-tone={tone}
      data-closure={closure}
      title={title}
      onClick={() => toggleSessionPanel(section)}
    >
      {children}
    </button>
  );
}

function Time({ info }: { info: SessionInfo }) {
  const sample = useSample(info.id);
  const now = useLiveNow();
  if (sample === undefined) return null;
  const { idle, max, thawMs, revokedMs, ageMs } = countdowns(sample, now);
  if (revokedMs !== null) {
    return (
      <Item section="now" testId="status-revoked" tone="danger">
        <span className="figures">closes in {formatClock(remainingSeconds(revokedMs))}</span>
      </Item>
    );
  }
  if (thawMs !== null) {
    return (
      <Item section="now" testId="status-thaw" tone={thawMs <= 60_000 ? 'danger' : 'warn'}>
        <span className="figures">closes in {formatClock(remainingSeconds(thawMs))}</span>
      </Item>
    );
  }
  const keeper = keptOpenBy(info, sample.timing.lastActivity.kind);
  const tone = (countdown: Countdown | null) =>
    info.warning !== null && countdown?.kind === info.warning.deadline
      ? info.warning.last
        ? 'danger'
        : 'warn'
      : undefined;
  return (
    <>
      {idle === null ? null : (
        <Item section="now" testId="status-idle" tone={tone(idle)}>
          <Figures text={`idle ${progress(idle)}`} widest={`idle ${fullProgress(idle)}`} />
          {keeper === null ? null : <span>kept open by {keeper}</span>}
        </Item>
      )}
      <Item section="limits" testId="status-max" tone={tone(max)}>
        {max === null ? (
          <span className="figures">open {formatClock(ageMs / 1_000)}</span>
        ) : (
          <Figures text={`max ${progress(max)}`} widest={`max ${fullProgress(max)}`} />
        )}
      </Item>
    </>
  );
}

/** What keeps the session open although nothing is typed into it; null if nothing does now. */
function keptOpenBy({ state, foreground }: SessionInfo, kind: Activity['kind']): string | null {
  if (state === 'frozen') return null;
  switch (kind) {
    case 'busy':
    case 'foreground':
      return foreground;
    case 'cpu':
      return 'processor use';
    case 'output':
      return 'output';
    default:
      return null;
  }
}

function progress({ elapsedMs, spanMs }: Countdown): string {
  return `${formatClock(elapsedMs / 1_000)}/${formatClock(Math.round(spanMs / 1_000))}`;
}

/** The widest that {@link progress} gets. */
function fullProgress({ spanMs, ...rest }: Countdown): string {
  return progress({ ...rest, spanMs, elapsedMs: spanMs });
}

function Recording({ info: { recording }, away }: { info: SessionInfo; away: boolean }) {
  switch (recording.state) {
    case 'recording':
      return (
        <Item section="recording" testId="status-recording">
          {away ? null : <i className="rec-dot" />}
          {away ? 'was recording' : 'rec'}
        </Item>
      );
    case 'truncated':
      return (
        <Item section="recording" testId="status-recording" tone="warn">
          recording cut short
        </Item>
      );
    case 'closed':
      return (
        <Item section="recording" testId="status-recording">
          recorded
        </Item>
      );
    case 'none':
      return (
        <Item section="recording" testId="status-recording">
          not recorded
        </Item>
      );
  }
}
