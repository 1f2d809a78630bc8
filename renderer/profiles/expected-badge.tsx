import { Shield, ShieldAlert, ShieldOff } from 'lucide-react';
import type { Draft } from './draft.ts';
import { expectedIsolation } from './summary.ts';

/** What a session of this form will be held by, as its badge will say. */
export function ExpectedBadge({ draft }: { draft: Draft }) {
  const items = expectedIsolation(draft);
  const open = items.filter((item) => item.open);
  if (items.length === 0) {
    return (
      <p className="expected-badge" data-testid="expected-badge">
        <ShieldOff className="icon" aria-hidden="true" />
        <span>Local shell: not sandboxed. Its programs can do everything you can.</span>
      </p>
    );
  }
  const Icon = open.length > 0 ? ShieldAlert : Shield;
  return (
    <p className="expected-badge" data-open={open.length > 0 || undefined} data-testid="expected-badge">
      <Icon className="icon" aria-hidden="true" />
      <span>
        {items.map(({ text, open: isOpen }, index) => (
          <span key={text}>
            {index === 0 ? '' : ' · '}
            {isOpen ? <strong className="badge-open">{text}</strong> : text}
          </span>
        ))}
        {open.length === 0 ? null : (
          <span className="badge-note">
            {open.length === 1 ? 'One of these loosens' : `${open.length} of these loosen`} the sandbox.
          </span>
        )}
      </span>
    </p>
  );
}
