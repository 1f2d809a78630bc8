import { type LucideIcon, ShieldAlert, ShieldCheck, ShieldOff, ShieldQuestionMark, Snowflake } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatClock } from '../../shared/duration.ts';
import type { SessionInfo } from '../../shared/session.ts';
import { toggleSessionPanel } from '../actions/session.ts';
import type { PanelSection } from '../store/state.ts';
import { useSample } from '../store/store.ts';
import { type Countdown, countdowns } from '../time/countdown.ts';
import { useNow } from '../time/tick.ts';
import { badgeOf, type Closure } from './badge.ts';
import { formatMoment } from './words.ts';

/** The window's bottom edge: isolation, time and recording of the session in the active tab. */
export function StatusLine({ info }: { info: SessionInfo }) {
  return (
    <footer className="status" data-testid="status">
      <IsolationBadge info={info} />
      <div className="strip-spacer" />
      {info.state === 'frozen' ? (
        <Item section="now" testId="status-frozen">
          <Snowflake className="icon" aria-hidden="true" />
          frozen
        </Item>
      ) : null}
      {info.end === null ? (
        <Time info={info} />
      ) : (
        <Item section="events">Ended {formatMoment(info.end.at, Date.now())}</Item>
      )}
      <Recording info={info} />
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
      className={section === 'isolation' ? 'status-item' : 'status-item fixed'}
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
  const now = useNow();
  if (sample === undefined) return null;
  const { idle, max, ageMs } = countdowns(sample, now);
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
          <span className="figures">idle {progress(idle)}</span>
        </Item>
      )}
      <Item section="limits" testId="status-max" tone={tone(max)}>
        <span className="figures">{max === null ? `open ${formatClock(ageMs / 1_000)}` : `max ${progress(max)}`}</span>
      </Item>
    </>
  );
}

function progress({ elapsedMs, spanMs }: Countdown): string {
  return `${formatClock(elapsedMs / 1_000)}/${formatClock(Math.round(spanMs / 1_000))}`;
}

function Recording({ info: { recording } }: { info: SessionInfo }) {
  switch (recording.state) {
    case 'recording':
      return (
        <Item section="recording" testId="status-recording">
          <i className="rec-dot" />
          rec
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
