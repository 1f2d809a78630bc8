import { CircleAlert } from 'lucide-react';
import type { SessionInfo } from '../../shared/session.ts';
import { Button } from '../components/button.tsx';
import { openAgain } from '../tabs/actions.ts';

export const LOST_SESSION =
  'Sandglass was restarted and no longer has this session. Its output stays here until you close the tab.';

/** For a session that was open when the connection was lost, and that the core does not know after it came back. */
export function LostCard({ info }: { info: SessionInfo }) {
  return (
    <section className="ended-card" data-testid="lost-card" aria-label="Session lost">
      <div className="ended-head">
        <CircleAlert className="icon" aria-hidden="true" />
        <div>
          <h2>This session has ended</h2>
          <p>{LOST_SESSION}</p>
        </div>
      </div>
      <div className="actions">
        <Button variant="primary" data-testid="new-session" onClick={() => void openAgain(info.id)}>
          New session
        </Button>
      </div>
    </section>
  );
}
