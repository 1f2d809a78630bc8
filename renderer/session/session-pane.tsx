import { memo, useEffect, useLayoutEffect, useRef } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { useLostSince } from '../connection/live-now.ts';
import { useApp, useSession } from '../store/store.ts';
import { FindBar } from '../terminal/find-bar.tsx';
import { ReaderHint, wantsReaderHint } from '../terminal/reader-hint.tsx';
import { TerminalMenu } from '../terminal/terminal-menu.tsx';
import { terminals } from '../terminal/window-terminals.ts';
import { Banner } from './banner.tsx';
import { EndedCard } from './ended-card.tsx';
import { FailedCard } from './failed-card.tsx';
import { FrozenBar } from './frozen-bar.tsx';
import { InputBar } from './input-bar.tsx';
import { LostCard } from './lost-card.tsx';
import { ReplacingCard } from './replacing-card.tsx';
import { StartingCard } from './starting-card.tsx';

/** Said of a terminal whose output nothing reads aloud. */
const READER_HINT = 'To have output read, turn on screen reader mode with the button before this terminal.';

/** One session: its terminal, and under it what has to be said about it. Kept while its tab is in the background. */
export const SessionPane = memo(function SessionPane({ id }: { id: SessionId }) {
  const info = useSession(id);
  const active = useApp((state) => state.active === id);
  const finding = useApp((state) => state.finding && state.active === id);
  const lost = useApp((state) => state.lost.has(id));
  const replacing = useApp((state) => state.replacing.has(id));
  const away = useLostSince() !== null;
  const area = useRef<HTMLDivElement>(null);
  const known = info !== undefined;
  useLayoutEffect(() => {
    if (area.current !== null && known) terminals.get(id)?.mount(area.current);
  }, [id, known]);
  useLayoutEffect(() => {
    terminals.get(id)?.setVisible(active);
  }, [id, active]);
  const hint = useApp(wantsReaderHint);
  useEffect(() => {
    if (info !== undefined) terminals.get(id)?.setLabel(`Terminal: ${info.title}`, hint ? READER_HINT : '');
  }, [id, info, hint]);
  if (info === undefined) return null;
  // What a live session is doing, or is about to, is not known without a connection.
  const shown = !lost && !away;
  return (
    <section
      className="session-pane"
      role="tabpanel"
      id={`panel-${id}`}
      aria-labelledby={`tab-${id}`}
      data-frozen={info.state === 'frozen' || undefined}
      data-ended={info.end !== null || lost || undefined}
      data-away={(info.end === null && away) || undefined}
      hidden={!active}
    >
      <ReaderHint />
      <TerminalMenu id={id}>
        <div ref={area} className="terminal-area" data-testid="terminal" data-session-id={id} />
      </TerminalMenu>
      {finding ? <FindBar id={id} /> : null}
      {shown && info.state === 'starting' ? <StartingCard info={info} /> : null}
      {shown && info.state === 'frozen' ? <FrozenBar info={info} /> : null}
      {info.end?.reason === 'start_failed' ? null : <InputBar info={info} />}
      {shown && info.end === null && (info.frozenBy === null || info.revocation !== null) ? (
        <Banner info={info} />
      ) : null}
      {replacing ? (
        <ReplacingCard info={info} />
      ) : info.end === null ? null : info.end.reason === 'start_failed' ? (
        <FailedCard info={info} end={info.end} />
      ) : (
        <EndedCard info={info} end={info.end} />
      )}
      {lost ? <LostCard info={info} /> : null}
    </section>
  );
});
