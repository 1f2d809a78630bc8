import { CircleAlert, CircleSlash, Copy, Pencil, RotateCw } from 'lucide-react';
import { useRef } from 'react';
import type { SessionEnd, SessionInfo } from '../../shared/session.ts';
import { START_FAILURES } from '../../shared/start-failures.ts';
import { Button } from '../components/button.tsx';
import { asSentence } from '../components/format.ts';
import { openProfiles } from '../profiles/actions.ts';
import { openAgain } from '../tabs/actions.ts';
import { copyText } from '../toasts/copy-text.ts';
import { useCardFocus } from './use-card-focus.ts';
import { useHasProfile } from './use-has-profile.ts';

/** The card of a session that did not start: what failed, why, and what to do. */
export function FailedCard({ info, end }: { info: SessionInfo; end: SessionEnd }) {
  const primary = useRef<HTMLButtonElement>(null);
  useCardFocus(info.id, primary);
  const hasProfile = useHasProfile(info.profileId);
  const { failure } = end;
  const known = failure === null ? null : START_FAILURES[failure.stage];
  const headline = known?.title ?? 'The session did not start';
  const hint = failure?.hint || known?.whatToDo || '';
  const cancelled = failure?.stage === 'aborted';
  const Icon = cancelled ? CircleSlash : CircleAlert;
  return (
    <section
      className="ended-card"
      data-testid="ended-card"
      data-reason={end.reason}
      data-stage={failure?.stage}
      data-failed={!cancelled || undefined}
      aria-label="Session did not start"
    >
      <div className="ended-head">
        <Icon className="icon" aria-hidden="true" />
        <div>
          <h2 data-testid="end-reason">{headline}</h2>
          {failure === null || failure.message === headline ? null : (
            <p className="failed-message" data-testid="failed-message">
              {asSentence(failure.message)}
            </p>
          )}
          {hint === '' ? null : <p data-testid="failed-hint">{asSentence(hint)}</p>}
        </div>
      </div>
      <div className="actions">
        <Button
          ref={primary}
          variant="primary"
          data-primary=""
          data-testid="new-session"
          onClick={() => void openAgain(info.id)}
        >
          <RotateCw className="icon" aria-hidden="true" />
          Retry
        </Button>
        <Button data-testid="copy-details" onClick={() => void copyText(failureDetails(info, end), 'Details copied')}>
          <Copy className="icon" aria-hidden="true" />
          Copy details
        </Button>
        {hasProfile ? (
          <Button data-testid="edit-profile" onClick={() => openProfiles(info.profileId)}>
            <Pencil className="icon" aria-hidden="true" />
            Edit profile…
          </Button>
        ) : null}
      </div>
    </section>
  );
}

/** The details of a failed start, for a bug report. */
function failureDetails(info: SessionInfo, end: SessionEnd): string {
  return [
    `Profile: ${info.profileName} (${info.profileId})`,
    `Backend: ${info.backend}`,
    ...(info.container === null ? [] : [`Image: ${info.container.image}`, `Engine: ${info.container.engine}`]),
    `Stage: ${end.failure?.stage ?? 'unknown'}`,
    `Message: ${end.failure?.message ?? ''}`,
    `Hint: ${end.failure?.hint ?? ''}`,
    `Session: ${info.id}`,
    `Time: ${new Date(end.at).toISOString()}`,
  ].join('\n');
}
