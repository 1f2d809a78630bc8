import { CircleAlert, CircleCheck, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { CredentialState } from '../../shared/session.ts';
import { asSentence } from '../components/format.ts';
import { CREDENTIAL_NOTES, CREDENTIAL_STATE_LABELS } from '../session/messages.ts';

const ICONS: Readonly<Record<CredentialState['state'], LucideIcon>> = {
  ready: CircleCheck,
  missing: CircleAlert,
  stale: TriangleAlert,
};

interface CredentialsSectionProps {
  readonly credentials: readonly CredentialState[];
  /** The session is not there yet: what is missing may still come. */
  readonly isStarting: boolean;
}

/** Each credential of a session, by the variable it is in, and how it is; never its value. */
export function CredentialsSection({ credentials, isStarting }: CredentialsSectionProps) {
  return (
    <ul className="credential-list" data-testid="credentials">
      {credentials.map(({ env, state, message }) => {
        const Icon = ICONS[state];
        const note = isStarting ? null : CREDENTIAL_NOTES[state];
        return (
          <li key={env} data-state={state} data-testid={`credential-${env}`}>
            <Icon className="icon" aria-hidden="true" />
            <div>
              <code>{env}</code> <span className="credential-state">{CREDENTIAL_STATE_LABELS[state]}</span>
              {message === null ? null : <small>{asSentence(message)}</small>}
              {note === null ? null : <small>{note}</small>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
