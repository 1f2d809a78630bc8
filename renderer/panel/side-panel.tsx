import { X } from 'lucide-react';
import { AsOf } from '../components/as-of.tsx';
import { IconButton } from '../components/button.tsx';
import { useLostSince } from '../connection/live-now.ts';
import { RECENT_PAGE, showRecent } from '../recent/actions.ts';
import { RecentSessions } from '../recent/recent-sessions.tsx';
import type { PanelState } from '../store/state.ts';
import { activeSession, setApp, useApp } from '../store/store.ts';
import { AboutPanel } from './about-panel.tsx';
import { SessionPanel } from './session-panel.tsx';

/** A box that scrolls has to be within reach of the keyboard although it is no control. */
function makeFocusable(element: HTMLElement | null): void {
  if (element !== null) element.tabIndex = 0;
}

const PANEL_NAMES: Readonly<Record<NonNullable<PanelState>['view'], string>> = {
  session: 'This session',
  about: 'All sessions',
  recent: 'Recent sessions',
};

/** The panel at the right: the session of the active tab, all sessions together, or those of the past. */
export function SidePanel({ panel }: { panel: NonNullable<PanelState> }) {
  const session = useApp(activeSession);
  const lostSince = useLostSince();
  return (
    <aside className="panel" data-testid={`${panel.view}-panel`} aria-label="Panel">
      <div className="panel-head">
        <div className="segments">
          <button
            type="button"
            className="segment"
            aria-pressed={panel.view === 'session'}
            onClick={() => setApp({ panel: { view: 'session', section: 'now' } })}
          >
            This session
          </button>
          <button
            type="button"
            className="segment"
            aria-pressed={panel.view === 'about'}
            onClick={() => setApp({ panel: { view: 'about' } })}
          >
            All sessions
          </button>
          <button
            type="button"
            className="segment"
            aria-pressed={panel.view === 'recent'}
            data-testid="panel-recent"
            onClick={showRecent}
          >
            Recent
          </button>
        </div>
        <IconButton label="Close panel" data-testid="panel-close" onClick={() => setApp({ panel: null })}>
          <X className="icon" />
        </IconButton>
      </div>
      <section className="panel-body" ref={makeFocusable} aria-label={PANEL_NAMES[panel.view]}>
        {lostSince === null ? null : (
          <p className="panel-section muted" data-testid="panel-not-connected">
            Not connected. This is <AsOf since={lostSince} />.
          </p>
        )}
        {panel.view === 'about' ? (
          <AboutPanel />
        ) : panel.view === 'recent' ? (
          <div className="panel-section recent-box">
            <h2>Recent sessions</h2>
            <RecentSessions first={RECENT_PAGE} none="No sessions yet." />
          </div>
        ) : session === null ? (
          <div className="panel-section">
            <p>No session is shown. Choose a tab, or switch to all sessions.</p>
          </div>
        ) : (
          <SessionPanel key={session.id} info={session} section={panel.section} />
        )}
      </section>
    </aside>
  );
}
