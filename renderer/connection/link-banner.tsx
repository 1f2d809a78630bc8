import { Unplug } from 'lucide-react';
import { AsOf } from '../components/as-of.tsx';
import { Button } from '../components/button.tsx';
import { asSentence } from '../components/format.ts';
import { useApp } from '../store/store.ts';
import { useNow } from '../time/tick.ts';
import { retryNow } from './core.ts';
import type { LostLink } from './core-link.ts';
import { useLostLink } from './live-now.ts';
import { linkMessage } from './messages.ts';

/** Says that there is no connection, what is known, and what to do. What is on screen stays as it was. */
export function LinkBanner() {
  const link = useLostLink();
  return link === null ? null : <Lost link={link} />;
}

function Lost({ link }: { link: LostLink }) {
  const live = useApp((state) => Object.values(state.sessions).some((session) => session.end === null));
  const shows = useApp((state) => state.order.length > 0);
  const { title, text } = linkMessage(link.why, asSentence(link.reason), live);
  return (
    <section className="link-banner" data-testid="link-banner" data-why={link.why} aria-label="Connection">
      <Unplug className="icon" aria-hidden="true" />
      <p>
        <strong>{title}</strong> {text}
        {shows ? (
          <>
            {' '}
            Shown <AsOf since={link.since} />.
          </>
        ) : null}{' '}
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
