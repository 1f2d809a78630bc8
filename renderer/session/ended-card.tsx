import { CircleAlert, CircleCheck, Hourglass, Unplug } from 'lucide-react';
import { useRef } from 'react';
import { describeDuration } from '../../shared/duration.ts';
import { describeEnd, type SessionEnd, type SessionInfo } from '../../shared/session.ts';
import { openProfiles } from '../actions/profiles.ts';
import { showSessionPanel } from '../actions/session.ts';
import { openAgain } from '../actions/tabs.ts';
import { Button } from '../components/button.tsx';
import { useApp } from '../store/store.ts';
import { ExportMenu } from './export-menu.tsx';
import { useCardFocus } from './use-card-focus.ts';
import { asSentence, describeExit, endAdvice, formatBytes, formatMoment } from './words.ts';

/** What remains of a session: why it ended, in words, and what can be done now. */
export function EndedCard({ info, end }: { info: SessionInfo; end: SessionEnd }) {
  const primary = useRef<HTMLButtonElement>(null);
  useCardFocus(info.id, primary);
  const hasProfile = useApp((state) => state.settings?.profiles.some(({ id }) => id === info.profileId) ?? false);
  const advice = endAdvice(info, end);
  return (
    <section className="ended-card" data-testid="ended-card" data-reason={end.reason} aria-label="Session ended">
      <div className="ended-head">
        <EndIcon end={end} />
        <div>
          <h2 data-testid="end-reason">{describeEnd(end)}</h2>
          {end.detail === null ? null : <p data-testid="end-detail">{asSentence(end.detail)}</p>}
          {advice === null ? null : <p data-testid="end-advice">{advice}</p>}
        </div>
      </div>
      <Facts info={info} end={end} />
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
          New session
        </Button>
        <ExportMenu id={info.id} />
        {end.reason === 'out_of_memory' && hasProfile ? (
          <Button data-testid="edit-profile" onClick={() => openProfiles(info.profileId)}>
            Edit profile…
          </Button>
        ) : null}
        <Button variant="ghost" data-testid="why" onClick={() => showSessionPanel('now')}>
          Why?
        </Button>
      </div>
    </section>
  );
}

function EndIcon({ end }: { end: SessionEnd }) {
  const Icon =
    end.reason === 'backend_lost'
      ? Unplug
      : end.reason === 'out_of_memory' || end.survivors.length > 0
        ? CircleAlert
        : end.limitSeconds !== null
          ? Hourglass
          : CircleCheck;
  return <Icon className="icon" aria-hidden="true" />;
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
