import { CircleAlert, CircleCheck, Hourglass, RotateCw } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { describeDuration } from '../../shared/duration.ts';
import { describeEnd, type SessionEnd, type SessionInfo } from '../../shared/session.ts';
import { showSessionPanel } from '../actions/session.ts';
import { openAgain } from '../actions/tabs.ts';
import { Button } from '../components/button.tsx';
import { useApp } from '../store/store.ts';
import { showDone, showProblem } from '../toasts.ts';
import { ExportMenu } from './export-menu.tsx';
import { describeExit, formatBytes, formatMoment } from './words.ts';

/** What remains of a session: why it ended, in words, and what can be done now. */
export function EndedCard({ info, end }: { info: SessionInfo; end: SessionEnd }) {
  const active = useApp((state) => state.active === info.id);
  const primary = useRef<HTMLButtonElement>(null);
  const failed = end.reason === 'start_failed';
  useEffect(() => {
    // Enter opens a new session; the terminal no longer takes keys. Not while somebody writes elsewhere.
    const focused = document.activeElement;
    if (active && (focused === null || focused === document.body || focused.closest('.terminal-host') !== null)) {
      primary.current?.focus({ preventScroll: true });
    }
  }, [active]);
  return (
    <section
      className="ended-card"
      data-testid="ended-card"
      data-reason={end.reason}
      data-failed={failed || undefined}
      aria-label="Session ended"
    >
      <div className="ended-head">
        <EndIcon end={end} />
        <div>
          <h2 data-testid="end-reason">{describeEnd(end)}</h2>
          {end.failure === null ? null : <p>{end.failure.hint}</p>}
        </div>
      </div>
      {failed ? null : <Facts info={info} end={end} />}
      {end.survivors.length === 0 ? null : (
        <div className="survivors" data-testid="survivors">
          <p>
            {end.survivors.length === 1 ? 'A process of it' : `${end.survivors.length} processes of it`} could not be
            ended and may still run:
          </p>
          <ul className="mono">
            {end.survivors.map(({ pid, command }) => (
              <li key={pid}>
                {pid} {command}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="actions">
        <Button
          ref={primary}
          variant="primary"
          data-primary=""
          data-testid="new-session"
          onClick={() => void openAgain(info.id)}
        >
          {failed ? <RotateCw className="icon" aria-hidden="true" /> : null}
          {failed ? 'Retry' : 'New session'}
        </Button>
        {failed ? (
          <Button data-testid="copy-details" onClick={() => void copyDetails(info, end)}>
            Copy details
          </Button>
        ) : (
          <ExportMenu id={info.id} />
        )}
        <Button variant="ghost" data-testid="why" onClick={() => showSessionPanel('now')}>
          Why?
        </Button>
      </div>
    </section>
  );
}

function EndIcon({ end }: { end: SessionEnd }) {
  if (end.reason === 'start_failed' || end.survivors.length > 0) return <CircleAlert className="icon" />;
  if (end.limitSeconds !== null) return <Hourglass className="icon" />;
  return <CircleCheck className="icon" />;
}

function Facts({ info, end }: { info: SessionInfo; end: SessionEnd }) {
  const exit = describeExit(end);
  const { recording } = info;
  return (
    <dl className="ended-facts figures">
      <div>
        <dt>Ended</dt>
        <dd>{formatMoment(end.at, Date.now())}</dd>
      </div>
      <div>
        <dt>Length</dt>
        <dd>{describeDuration(end.durationSeconds)}</dd>
      </div>
      {exit === null ? null : (
        <div>
          <dt>{end.signal === null ? 'Exit status' : 'Signal'}</dt>
          <dd data-testid="exit-status">{exit}</dd>
        </div>
      )}
      <div>
        <dt>Recording</dt>
        <dd>
          {recording.state === 'none' ? 'none' : formatBytes(recording.bytes)}
          {recording.state === 'truncated' ? ', cut short' : ''}
        </dd>
      </div>
    </dl>
  );
}

async function copyDetails(info: SessionInfo, end: SessionEnd): Promise<void> {
  const lines = [
    `Profile: ${info.profileName} (${info.profileId})`,
    `Backend: ${info.backend}`,
    `Stage: ${end.failure?.stage ?? 'unknown'}`,
    `Message: ${end.failure?.message ?? ''}`,
    `Hint: ${end.failure?.hint ?? ''}`,
    `Session: ${info.id}`,
    `Time: ${new Date(end.at).toISOString()}`,
  ];
  try {
    await navigator.clipboard.writeText(lines.join('\n'));
    showDone('Details copied');
  } catch {
    showProblem({
      id: 'copy-details',
      severity: 'warning',
      title: 'Nothing was copied',
      message: 'The browser does not let this page write to the clipboard.',
    });
  }
}
