import { LoaderCircle } from 'lucide-react';
import type { SessionInfo } from '../../shared/session.ts';

/** Shown while a new session replaces this one: what is typed now is for the new one. */
export function ReplacingCard({ info }: { info: SessionInfo }) {
  return (
    <section className="ended-card replacing" data-testid="replacing-card" aria-label="Opening a new session" aria-busy>
      <div className="ended-head">
        <LoaderCircle className="icon" aria-hidden="true" />
        <h2>{info.end === null ? 'Ending the session and opening a new one…' : 'Opening a new session…'}</h2>
      </div>
    </section>
  );
}
