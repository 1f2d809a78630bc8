import { Progress } from '@base-ui/react/progress';
import { useEffect, useState } from 'react';
import type { SessionInfo } from '../../shared/session.ts';
import { BackendIcon } from '../components/backend-icon.tsx';
import { Button, Tip } from '../components/button.tsx';
import { setApp, useApp } from '../store/store.ts';
import { forceClose } from '../tabs/actions.ts';
import { milestone, NO_PROGRESS, spoken } from './messages.ts';

/** A start that is over sooner shows nothing: what flashes up is not read and only disturbs. */
const QUIET_MS = 300;
/** A step that is over sooner is not said aloud. */
const SETTLED_MS = 700;

/** What a start that takes a while is doing, and the way out of it. */
export function StartingCard({ info }: { info: SessionInfo }) {
  const shown = useElapsed(QUIET_MS);
  const progress = info.progress ?? NO_PROGRESS;
  const active = useApp((state) => state.active === info.id);
  const next = milestone(progress);
  const words = spoken(progress);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the milestone alone says when there is something to say.
  useEffect(() => {
    if (!active) return;
    const timer = setTimeout(() => setApp({ announcement: words }), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [active, next]);
  if (!shown) return null;
  const { message, detail, fraction } = progress;
  return (
    <section className="starting-card" data-testid="starting-card" data-stage={progress.stage} aria-label="Starting">
      <h2 className="starting-head">
        <BackendIcon backend={info.backend} />
        <span>{info.profileName}</span>
      </h2>
      <Progress.Root
        className="progress"
        value={fraction === null ? null : Math.floor(fraction * 100)}
        aria-valuetext={[message, detail].filter((part) => part !== '').join(', ')}
      >
        <Progress.Label className="progress-label">{message}</Progress.Label>
        <Progress.Track className="progress-track">
          <Progress.Indicator className="progress-bar" />
        </Progress.Track>
      </Progress.Root>
      <div className="starting-foot">
        <p className="starting-detail figures" data-testid="starting-detail">
          {detail}
        </p>
        <Tip label="Cancels the start and closes the tab" command="closeTab">
          <Button data-testid="cancel-start" onClick={() => void forceClose(info.id)}>
            Cancel
          </Button>
        </Tip>
      </div>
    </section>
  );
}

/** Whether the component has been there for this long. */
function useElapsed(ms: number): boolean {
  const [elapsed, setElapsed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setElapsed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return elapsed;
}
