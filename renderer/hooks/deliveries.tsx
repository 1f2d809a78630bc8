import { CircleAlert, CircleCheck, CircleDashed, CircleSlash, type LucideIcon, RotateCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Delivery, DeliveryState, HookInfo } from '../../shared/hooks.ts';
import { Button } from '../components/button.tsx';
import { formatMoment } from '../components/format.ts';
import { LoadFailure } from '../components/load-failure.tsx';
import { useApp } from '../store/store.ts';
import { useNow } from '../time/tick.ts';
import { FIRST_DELIVERIES, filterDeliveries, loadDeliveries, MOST_DELIVERIES, sendAgain } from './actions.ts';
import { DELIVERY_LABELS, describeAttempts, FILTERS, HOOK_EVENT_LABELS, nextAttempt } from './messages.ts';
import { busyKey, useHooks } from './state.ts';

/** The last deliveries of a hook, those of one state or all, kept up to date. */
export function Deliveries({ hook }: { hook: HookInfo }) {
  const { name, deadLetters, state } = hook;
  const filter = useHooks((hooks) => hooks.filter);
  const list = useHooks((hooks) => hooks.list);
  const connected = useApp((app) => app.link.state === 'open');
  const sendingAll = useHooks(({ busy }) => busy.has(busyKey(name, 'again:all')));
  const [limit, setLimit] = useState(FIRST_DELIVERIES);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever of the hook has changed, its deliveries may have, too.
  useEffect(() => {
    if (connected) void loadDeliveries(name, filter, limit);
  }, [hook, name, filter, limit, connected]);
  const mine = list !== null && list.query.hook === name && list.query.filter === filter ? list : null;
  const shown = mine?.deliveries ?? null;
  const again = state === 'ready';
  return (
    <section className="deliveries" aria-labelledby="deliveries-title">
      <div className="deliveries-head">
        <h3 id="deliveries-title">Deliveries</h3>
        <fieldset className="segments plain" aria-label="Deliveries to show">
          {FILTERS.map(([value, label]) => (
            <button
              key={value}
              type="button"
              className="segment"
              aria-pressed={filter === value}
              data-testid={`deliveries-${value}`}
              onClick={() => filterDeliveries(value)}
            >
              {label}
            </button>
          ))}
        </fieldset>
        {deadLetters > 0 && again ? (
          <Button data-testid="send-all-again" aria-disabled={sendingAll} onClick={() => void sendAgain(name, null)}>
            <RotateCw className="icon" aria-hidden="true" />
            {sendingAll ? 'Sending…' : 'Send all again'}
          </Button>
        ) : null}
      </div>
      {deadLetters > 0 && !again ? (
        <p className="setting-note">Failed deliveries can be sent again once the hook is ready.</p>
      ) : null}
      {mine?.failure == null ? null : (
        <LoadFailure
          title="The deliveries could not be read"
          message={mine.failure}
          onRetry={() => void loadDeliveries(name, filter, limit)}
        />
      )}
      {shown !== null ? (
        <Table hook={name} deliveries={shown} filtered={filter !== 'all'} again={again} />
      ) : mine?.failure == null ? (
        <p className="muted">Loading…</p>
      ) : null}
      {shown !== null && shown.length >= limit && limit < MOST_DELIVERIES ? (
        <div className="actions">
          <Button data-testid="more-deliveries" onClick={() => setLimit(MOST_DELIVERIES)}>
            Show more
          </Button>
        </div>
      ) : null}
      {shown !== null && shown.length >= MOST_DELIVERIES ? (
        <p className="setting-note">The latest {MOST_DELIVERIES} are shown.</p>
      ) : null}
    </section>
  );
}

function Table({
  hook,
  deliveries,
  filtered,
  again,
}: {
  hook: string;
  deliveries: readonly Delivery[];
  filtered: boolean;
  again: boolean;
}) {
  if (deliveries.length === 0) {
    return (
      <p className="muted" data-testid="no-deliveries">
        {filtered
          ? 'No such deliveries.'
          : `No deliveries yet.${again ? ' Send a test event to check that the hook works.' : ''}`}
      </p>
    );
  }
  return (
    <table className="delivery-table" data-testid="deliveries">
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">Session</th>
          <th scope="col">When</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <Row key={delivery.id} hook={hook} delivery={delivery} again={again} />
        ))}
      </tbody>
    </table>
  );
}

const ICONS: Readonly<Record<DeliveryState, LucideIcon>> = {
  pending: CircleDashed,
  delivered: CircleCheck,
  'dead-letter': CircleAlert,
  dropped: CircleSlash,
};

function Row({ hook, delivery, again }: { hook: string; delivery: Delivery; again: boolean }) {
  const { id, event, state, attempts, outcome, createdAt, lastAt } = delivery;
  const sending = useHooks(({ busy }) => busy.has(busyKey(hook, `again:${id}`)));
  const Icon = ICONS[state];
  const now = Date.now();
  return (
    <tr data-testid="delivery" data-state={state} data-event={event}>
      <td>
        <span title={event}>{HOOK_EVENT_LABELS[event]}</span>
      </td>
      <td>
        <SessionName id={delivery.sessionId} />
      </td>
      <td className="figures">
        <time dateTime={new Date(createdAt).toISOString()}>{formatMoment(createdAt, now, true)}</time>
        <small>
          {attempts === 0 ? 'not attempted yet' : describeAttempts(attempts)}
          {attempts > 1 && lastAt !== null ? `, last at ${formatMoment(lastAt, now, true)}` : ''}
        </small>
      </td>
      <td className="delivery-outcome" data-state={state}>
        <span className="delivery-state">
          <Icon className="icon" aria-hidden="true" />
          <span>{DELIVERY_LABELS[state]}</span>
        </span>
        {outcome === null ? null : <small data-testid="delivery-outcome">{outcome}</small>}
        <NextAttempt delivery={delivery} waits={!again} />
        {state === 'dead-letter' && again ? (
          <button
            type="button"
            className="setting-reset"
            data-testid="send-again"
            aria-disabled={sending}
            aria-label={
              sending ? undefined : `Send again: ${HOOK_EVENT_LABELS[event]}, ${formatMoment(createdAt, now, true)}`
            }
            onClick={() => void sendAgain(hook, id)}
          >
            {sending ? 'Sending…' : 'Send again'}
          </button>
        ) : null}
      </td>
    </tr>
  );
}

/** The session's tab title, or the end of its id if it has no tab. */
function SessionName({ id }: { id: string | null }) {
  const title = useApp((state) => (id === null ? undefined : state.sessions[id]?.title));
  if (id === null) return <span className="muted">none</span>;
  return (
    <span className="delivery-session" title={`Session ${id}`}>
      {title ?? <span className="mono">…{id.slice(-8)}</span>}
    </span>
  );
}

/** Counts down to the next attempt. */
function NextAttempt({ delivery, waits }: { delivery: Delivery; waits: boolean }) {
  if (delivery.state !== 'pending') return null;
  if (waits) return <small>waits until the hook is ready</small>;
  return delivery.nextAt === null ? null : <Counted delivery={delivery} />;
}

function Counted({ delivery }: { delivery: Delivery }) {
  useNow();
  const words = nextAttempt(delivery, Date.now());
  return words === null ? null : (
    <small className="figures" data-testid="next-attempt">
      {words}
    </small>
  );
}
