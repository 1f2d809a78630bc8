import { CircleAlert, CircleCheck, Hourglass, Plus, ShieldBan, Unplug } from 'lucide-react';
import { useRef } from 'react';
import { describeDuration } from '../../shared/duration.ts';
import { describeEnd, type SessionEnd, type SessionInfo } from '../../shared/session.ts';
import { Button } from '../components/button.tsx';
import { asSentence, formatBytes, formatMoment } from '../components/format.ts';
import { openProfiles } from '../profiles/actions.ts';
import { setApp } from '../store/store.ts';
import { openAgain } from '../tabs/actions.ts';
import { showSessionPanel } from './actions.ts';
import { ExportMenu } from './export-menu.tsx';
import { describeExit, endAdvice, expirySentence } from './messages.ts';
import { openFresh } from './replace.ts';
import { useCardFocus } from './use-card-focus.ts';
import { useAllows, useHasProfile } from './use-has-profile.ts';

/** The card of an ended session: why it ended, and what can be done now. */
export function EndedCard({ info, end }: { info: SessionInfo; end: SessionEnd }) {
  const primary = useRef<HTMLButtonElement>(null);
  useCardFocus(info.id, primary);
  const hasProfile = useHasProfile(info.profileId);
  const canReopen = useAllows(info.backend) && hasProfile;
  const advice = endAdvice(info, end);
  const expiry = end.reason === 'auto_reset' ? expirySentence(info, end) : null;
  return (
    <section
      className="ended-card"
      data-testid="ended-card"
      data-reason={end.reason}
      data-restored={info.restored || undefined}
      aria-label="Session ended"
    >
      <div className="ended-head">
        <EndIcon end={end} />
        <div>
          <h2 data-testid="end-reason">
            {end.reason === 'auto_reset' && !hasProfile ? 'Its time was up' : describeEnd(end)}
          </h2>
          {expiry === null ? null : <p data-testid="end-expired">{expiry}</p>}
          {end.detail === null ? null : <p data-testid="end-detail">{asSentence(end.detail)}</p>}
          {advice === null ? null : <p data-testid="end-advice">{advice}</p>}
          {hasProfile ? null : (
            <p data-testid="profile-gone">
              Its profile “{info.profileName}” no longer exists, so the session cannot be opened again.
            </p>
          )}
        </div>
      </div>
      <Facts info={info} end={end} />
      {end.survivors.length === 0 ? null : (
        <div className="survivors" data-testid="survivors">
          <p>
            {end.survivors.length === 1 ? 'One of its processes' : `${end.survivors.length} of its processes`} could not
            be ended and may still be running:
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
        {canReopen ? (
          <Button ref={primary} variant="primary" data-primary="" data-testid="new-session" onClick={() => again(info)}>
            {againLabel(info)}
          </Button>
        ) : (
          <Button
            ref={primary}
            variant="primary"
            data-primary=""
            data-testid="other-profile"
            onClick={() => setApp({ profileMenuOpen: true })}
          >
            <Plus className="icon" aria-hidden="true" />
            Choose a profile…
          </Button>
        )}
        {info.recording.state === 'none' ? null : <ExportMenu id={info.id} />}
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

/**
 * Opens a new session beside the ended one; in its place if its time was up, as the next key press would, and if it is
 * restored: its output stays in its recording.
 */
function again(info: SessionInfo): void {
  void (info.end?.reason === 'auto_reset' || info.restored ? openFresh(info.id) : openAgain(info.id));
}

function againLabel({ end, restored }: SessionInfo): string {
  if (end?.reason === 'auto_reset') return 'Open a new session';
  return restored ? 'Reopen' : 'New session';
}

function EndIcon({ end }: { end: SessionEnd }) {
  const Icon =
    end.reason === 'backend_lost'
      ? Unplug
      : end.reason === 'revoked'
        ? ShieldBan
        : end.reason === 'out_of_memory' || end.reason === 'app_crash' || end.survivors.length > 0
          ? CircleAlert
          : end.limitSeconds !== null || end.expired !== null
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
        <dd data-testid="ended-at">{formatMoment(end.at, Date.now())}</dd>
      </div>
      <div>
        <dt>Length</dt>
        <dd data-testid="ended-length">{describeDuration(end.durationSeconds)}</dd>
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
