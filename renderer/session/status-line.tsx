import { Shield, ShieldOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatClock } from '../../shared/duration.ts';
import type { SessionInfo } from '../../shared/session.ts';
import { toggleSessionPanel } from '../actions/session.ts';
import type { PanelSection } from '../store/state.ts';
import { useSample } from '../store/store.ts';
import { type Countdown, countdowns } from '../time/countdown.ts';
import { useNow } from '../time/tick.ts';
import { formatMoment } from './words.ts';

/** The window's bottom edge: isolation, time and recording of the session in the active tab. */
export function StatusLine({ info }: { info: SessionInfo }) {
  const sandboxed = info.isolation.length > 0;
  return (
    <footer className="status" data-testid="status">
      <Item section="isolation" testId="status-isolation">
        {sandboxed ? <Shield className="icon" aria-hidden="true" /> : <ShieldOff className="icon" aria-hidden="true" />}
        <span>{sandboxed ? info.isolation.map(({ text }) => text).join(' · ') : 'local shell · not sandboxed'}</span>
      </Item>
      <div className="strip-spacer" />
      {info.end === null ? (
        <Time info={info} />
      ) : (
        <Item section="events">Ended {formatMoment(info.end.at, Date.now())}</Item>
      )}
      <Recording info={info} />
    </footer>
  );
}

function Item({
  section,
  testId,
  tone,
  children,
}: {
  section: PanelSection;
  testId?: string;
  tone?: 'warn' | 'danger' | undefined;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={section === 'isolation' ? 'status-item' : 'status-item fixed'}
      data-testid={testId}
      data-tone={tone}
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
