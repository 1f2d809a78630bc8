import { Unplug } from 'lucide-react';
import { retryNow } from '../engine.ts';
import { useApp } from '../store/store.ts';
import { useNow } from '../time/tick.ts';
import { Button } from './button.tsx';

/** Says that the connection is lost, and when it is tried again. What is on screen stays. */
export function LinkBanner() {
  const link = useApp((state) => state.link);
  const running = useApp((state) => Object.values(state.sessions).some((session) => session.end === null));
  if (link.state !== 'lost') return null;
  return (
    <section className="link-banner" data-testid="link-banner" aria-label="Connection">
      <Unplug className="icon" aria-hidden="true" />
      <p>
        <strong>Not connected to Sandglass.</strong> {link.reason}{' '}
        {running && 'Running sessions go on without this window. '}
        <Wait retryAt={link.retryAt} />
      </p>
      <Button onClick={retryNow}>Try now</Button>
    </section>
  );
}

function Wait({ retryAt }: { retryAt: number }) {
  const seconds = Math.ceil((retryAt - useNow()) / 1_000);
  return <span className="figures">{seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span>;
}
