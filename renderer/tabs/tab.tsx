import { History, KeyRound, ShieldAlert, Snowflake, X } from 'lucide-react';
import { type KeyboardEvent, memo, type PointerEvent, useRef } from 'react';
import { formatClock } from '../../shared/duration.ts';
import type { SessionId } from '../../shared/session.ts';
import { BackendIcon } from '../components/backend-icon.tsx';
import { Figures } from '../components/figures.tsx';
import { useLiveNow, useLostSince } from '../connection/live-now.ts';
import { badgeOf, tabStatus, wantsCredential } from '../session/badge.ts';
import { setApp, useApp, useSample, useSession } from '../store/store.ts';
import {
  closesNext,
  countdowns,
  longestRemainingMs,
  remainingSeconds,
  ringFraction,
  ringStage,
  showsTime,
} from '../time/countdown.ts';
import { activate, activateAt, activateNeighbour, closeTab, moveTab } from './actions.ts';
import { Ring } from './ring.tsx';
import { TabMenu } from './tab-menu.tsx';
import { useKeepInView } from './use-keep-in-view.ts';

/** One session's tab. */
export const SessionTab = memo(function SessionTab({
  id,
  dragging,
  onPointerDown,
}: {
  id: SessionId;
  dragging: boolean;
  onPointerDown(event: PointerEvent, id: SessionId): void;
}) {
  const info = useSession(id);
  const sample = useSample(id);
  const active = useApp((state) => state.active === id);
  const unseen = useApp((state) => state.unseen.has(id));
  const button = useRef<HTMLButtonElement>(null);
  const now = useLiveNow();
  const away = useLostSince() !== null;
  const lost = useApp((state) => state.lost.has(id));
  useKeepInView(button, active && info !== undefined);
  if (info === undefined) return null;

  const live = info.end === null && !lost;
  const counted = live && sample !== undefined ? countdowns(sample, now) : null;
  const nearest = counted === null ? null : closesNext(info, counted);
  const stage = lost ? 'failed' : ringStage(info, nearest);
  const time =
    counted !== null && showsTime(nearest, active)
      ? {
          text: formatClock(remainingSeconds(nearest.remainingMs)),
          widest: formatClock(longestRemainingMs(counted, nearest) / 1_000),
        }
      : null;
  const badge = badgeOf(info);
  const tab = (
    <div
      className="tab"
      role="presentation"
      data-testid="tab"
      data-session-id={id}
      data-stage={stage}
      data-active={active || undefined}
      data-dragging={dragging || undefined}
      data-away={(live && away) || undefined}
    >
      <button
        ref={button}
        type="button"
        className="tab-button"
        role="tab"
        id={`tab-${id}`}
        aria-selected={active}
        aria-controls={`panel-${id}`}
        aria-keyshortcuts="Delete F2"
        tabIndex={active ? 0 : -1}
        title={`${info.title}\n${badge.text}`}
        onPointerDown={(event) => onPointerDown(event, id)}
        onAuxClick={(event) => event.button === 1 && void closeTab(id)}
        onDoubleClick={() => setApp({ renaming: id })}
        onKeyDown={(event) => handleTabKeys(event, id)}
      >
        <Ring
          stage={stage}
          fraction={ringFraction(info, nearest)}
          pulse={!away && (stage === 'warned' || stage === 'last')}
        />
        <BackendIcon backend={info.backend} className="wide-only" />
        {badge.closure === 'open' ? <ShieldAlert className="icon tab-open" aria-hidden="true" /> : null}
        {info.restored && !live ? <History className="icon tab-restored" aria-hidden="true" /> : null}
        {live && wantsCredential(info) ? <KeyRound className="icon tab-open" aria-hidden="true" /> : null}
        <span className="tab-title">{info.title}</span>
        <span className="visually-hidden">
          {lost ? 'ended' : live && away ? `${tabStatus(info)}, not connected` : tabStatus(info)}
        </span>
        {info.state === 'frozen' ? <Snowflake className="icon tab-frozen" aria-hidden="true" /> : null}
        {time === null ? null : <Figures className="tab-time" testId="tab-time" {...time} />}
        {live ? null : <span className="tab-time">ended</span>}
        {unseen && !active ? <span className="tab-dot" role="img" aria-label="New output" /> : null}
      </button>
      <CloseButton tab={id} title={info.title} />
    </div>
  );
  return <TabMenu info={info}>{tab}</TabMenu>;
});

/**
 * Closes by mouse. A tab may hold no other control (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/), so it is left out
 * for assistive technology; there, and for the keyboard, it is Delete on the tab or the shortcut.
 */
export function CloseButton({ tab, title }: { tab: string; title: string }) {
  return (
    <button
      type="button"
      className="tab-close"
      data-testid="tab-close"
      aria-hidden="true"
      tabIndex={-1}
      title={`Close ${title}`}
      onClick={() => void closeTab(tab)}
    >
      <X className="icon" />
    </button>
  );
}

/** Arrow keys walk along the tabs, Delete closes, Ctrl+arrow moves. */
export function handleTabKeys(event: KeyboardEvent, id: string): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step !== 0 && event.ctrlKey) moveTab(id, step);
  else if (step !== 0) walk(() => activateNeighbour(step));
  else if (event.key === 'Home') walk(() => activateAt(0));
  else if (event.key === 'End') walk(() => activateAt('last'));
  else if (event.key === 'Delete') void closeTab(id);
  else if (event.key === 'Enter' || event.key === ' ') activate(id);
  else return;
  event.preventDefault();
}

/** Goes to another tab and stays on the strip. */
function walk(go: () => void): void {
  go();
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus()),
  );
}
