import { Download, RotateCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { HistoryEntry } from '../../shared/history.ts';
import { BackendIcon } from '../components/backend-icon.tsx';
import { Button } from '../components/button.tsx';
import { formatMoment } from '../components/format.ts';
import { LoadFailure } from '../components/load-failure.tsx';
import { ExportMenu } from '../session/export-menu.tsx';
import { useHasProfile } from '../session/use-has-profile.ts';
import { useApp } from '../store/store.ts';
import { moreRecent, openLike, RECENT_PAGE, refreshRecent, showTab } from './actions.ts';
import { describeLength, describePast } from './messages.ts';
import { useRecent } from './state.ts';

/** Sessions of this and earlier runs, the latest first; `first` of them to begin with. Nothing where there are none. */
export function RecentSessions({ first, none }: { first: number; none: string | null }) {
  const { entries, more, loading, failure } = useRecent();
  const connected = useApp((state) => state.link.state === 'open');
  // Whenever a session has started or ended, the journal has a new entry.
  const version = useApp((state) => state.journalVersion);
  const [count, setCount] = useState(first);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new version is fetched.
  useEffect(() => {
    if (connected) void refreshRecent();
  }, [connected, version]);
  const shown = entries?.slice(0, count) ?? [];
  const known = entries?.length ?? 0;
  const showMore = (): void => {
    setCount(count + RECENT_PAGE);
    if (count + RECENT_PAGE > known && more) void moreRecent();
  };
  return (
    <>
      {failure === null ? null : (
        <LoadFailure title="Recent sessions could not be read" message={failure} onRetry={() => void refreshRecent()} />
      )}
      {entries === null && failure === null && none !== null ? <p className="muted">Loading…</p> : null}
      {entries !== null && entries.length === 0 && none !== null ? <p className="muted">{none}</p> : null}
      {shown.length === 0 ? null : (
        <ul className="recent-list" data-testid="recent-list">
          {shown.map((entry) => (
            <Item key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      {count < known || (more && shown.length > 0) ? (
        <Button variant="ghost" className="recent-more" data-testid="recent-more" disabled={loading} onClick={showMore}>
          {loading ? 'Loading…' : 'More'}
        </Button>
      ) : null}
    </>
  );
}

/** One session: what it was, how it ended, and what can still be done with it. */
function Item({ entry }: { entry: HistoryEntry }) {
  const { id, title, backend, profileName, profileId, startedAt, end, recordingBytes } = entry;
  const hasTab = useApp((state) => state.sessions[id] !== undefined);
  // Of one that is open, its tab knows better than the journal.
  const recording = useApp((state) => state.sessions[id]?.recording.state);
  const recorded = recording === undefined ? recordingBytes !== null : recording !== 'none';
  const hasProfile = useHasProfile(profileId);
  const connected = useApp((state) => state.link.state === 'open');
  const now = Date.now();
  return (
    <li className="recent-item" data-testid="recent-session" data-recent={id}>
      <BackendIcon backend={backend} />
      <div className="recent-words">
        <span className="recent-title" title={title}>
          {title}
        </span>
        <span className="recent-line">
          {profileName} · {end === null ? (connected ? 'still open' : 'was open') : describePast(end)}
        </span>
        <span className="recent-line figures">
          <time dateTime={new Date(startedAt).toISOString()}>{formatMoment(startedAt, now)}</time>
          {end === null ? null : <> · {describeLength(end.durationSeconds)}</>}
        </span>
        {hasProfile || hasTab ? null : <span className="recent-line recent-gone">Its profile no longer exists</span>}
      </div>
      <div className="recent-actions">
        {hasTab ? (
          <Button data-testid="recent-show" aria-label={`Show tab: ${title}`} onClick={() => showTab(id)}>
            Show tab
          </Button>
        ) : hasProfile ? (
          <Button data-testid="recent-open" aria-label={`Open again: ${title}`} onClick={() => void openLike(entry)}>
            <RotateCw className="icon" aria-hidden="true" />
            Open again
          </Button>
        ) : null}
        {!recorded ? (
          <span className="recent-line">no recording</span>
        ) : (
          <ExportMenu
            id={id}
            trigger={
              <button
                type="button"
                className="icon-button"
                data-testid="export-menu"
                aria-label={`Export ${title}…`}
                title="Export…"
              >
                <Download className="icon" aria-hidden="true" />
              </button>
            }
          />
        )}
      </div>
    </li>
  );
}
