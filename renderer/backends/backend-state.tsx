import { RefreshCw } from 'lucide-react';
import type { BackendStatus } from '../../shared/backends.ts';
import type { BackendKind } from '../../shared/profile.ts';
import { Button } from '../components/button.tsx';
import { useApp } from '../store/store.ts';
import { checkBackends } from './actions.ts';

const NAMES: Readonly<Record<BackendKind, string>> = {
  pty: 'local shells',
  bubblewrap: 'bubblewrap',
  docker: 'the container engine',
};

/** Whether sessions of this kind are available now, what a probe found, or what would help. */
export function BackendState({ kind }: { kind: BackendKind }) {
  const status = useApp((state) => state.backends.find((candidate) => candidate.kind === kind));
  if (kind === 'pty' || status === undefined) return null;
  const checking = status.state === 'checking';
  return (
    <div className="backend-state" data-state={status.state} data-testid="backend-state">
      <span className="backend-dot" aria-hidden="true" />
      <div className="backend-words" aria-live="polite">
        <p>
          <strong>{stateLabel(status)}</strong> <span className="backend-message">{messageOf(status)}</span>
        </p>
        {status.state === 'unavailable' ? <p className="setting-note">{status.hint}</p> : null}
        {status.state === 'available' && status.found.length > 1 ? (
          <p className="setting-note">Found on this machine: {status.found.map(({ text }) => text).join(' · ')}</p>
        ) : null}
      </div>
      <Button disabled={checking} onClick={() => void checkBackends()}>
        <RefreshCw className="icon" aria-hidden="true" />
        {checking ? 'Checking…' : 'Check again'}
      </Button>
    </div>
  );
}

function stateLabel({ kind, state }: BackendStatus): string {
  switch (state) {
    case 'available':
      return 'Ready:';
    case 'checking':
      return `Looking for ${NAMES[kind]}…`;
    case 'unavailable':
      return 'Not available:';
  }
}

function messageOf(status: BackendStatus): string {
  return status.state === 'checking' ? '' : status.message;
}
