import { Snowflake } from 'lucide-react';
import type { SessionId } from '../../shared/session.ts';
import { thaw } from '../actions/session.ts';
import { Button, Tip } from '../components/button.tsx';

/** Says that nothing moves in a session, and lets it go on. */
export function FrozenBar({ id }: { id: SessionId }) {
  return (
    <section className="banner frozen" data-testid="frozen-bar" aria-label="Frozen">
      <Snowflake className="icon" aria-hidden="true" />
      <p className="banner-text">
        <strong>Frozen.</strong> Everything in it stands still. What you type is kept until it is thawed.
      </p>
      <div className="banner-actions">
        <Tip label="Lets it go on where it stood" command="freeze">
          <Button variant="primary" data-testid="thaw" onClick={() => void thaw(id)}>
            Thaw session
          </Button>
        </Tip>
      </div>
    </section>
  );
}
