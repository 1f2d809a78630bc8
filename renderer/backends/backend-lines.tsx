import { CircleAlert, CircleCheck, LoaderCircle, type LucideIcon } from 'lucide-react';
import type { BackendStatus } from '../../shared/backends.ts';
import { useApp } from '../store/store.ts';
import { describeStatus } from './messages.ts';

const ICONS: Readonly<Record<BackendStatus['state'], LucideIcon>> = {
  available: CircleCheck,
  checking: LoaderCircle,
  unavailable: CircleAlert,
};

/** The state of the container engine, and why anything else is unavailable. */
export function BackendLines() {
  const backends = useApp((state) => state.backends);
  return backends
    .filter(({ kind, state }) => kind === 'docker' || state === 'unavailable')
    .map((status) => {
      const { text, detail } = describeStatus(status);
      const Icon = ICONS[status.state];
      return (
        <span
          key={status.kind}
          className="backend-line"
          data-testid={`backend-line-${status.kind}`}
          data-state={status.state}
        >
          <Icon className="icon" aria-hidden="true" />
          <span>
            {text}
            {detail === '' ? null : <small>{detail}</small>}
          </span>
        </span>
      );
    });
}
