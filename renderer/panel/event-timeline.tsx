import { useEffect } from 'react';
import { describeDuration } from '../../shared/duration.ts';
import { describeEnd, type SessionEvent, type SessionId, type SessionWarning } from '../../shared/session.ts';
import { formatMoment } from '../components/format.ts';
import { loadEvents } from '../session/actions.ts';
import { EXPIRY_NAMES } from '../session/messages.ts';
import { useApp } from '../store/store.ts';
import { STATE_LABELS } from './now-section.tsx';

/** What happened to a session, newest first. */
export function EventTimeline({ id }: { id: SessionId }) {
  const events = useApp((state) => state.events[id]);
  const leftOut = useApp((state) => state.eventsLeftOut[id] ?? 0);
  const open = useApp((state) => state.link.state === 'open');
  useEffect(() => {
    if (open) void loadEvents(id);
  }, [id, open]);
  if (events === undefined) return <p>Loading…</p>;
  if (events.length === 0) return <p>No events of this session are kept any more. Its recording has them.</p>;
  const now = Date.now();
  return (
    <ol className="timeline" data-testid="timeline">
      {events
        .filter(isListed)
        .toReversed()
        .map((event) => (
          <li key={event.id} data-type={event.type} data-tone={tone(event)}>
            <span>{describeEvent(event)}</span>
            <time className="figures" dateTime={new Date(event.at).toISOString()}>
              {formatMoment(event.at, now, true)}
            </time>
          </li>
        ))}
      {leftOut === 0 ? null : (
        <li data-testid="events-left-out">
          <span>{leftOut === 1 ? '1 event' : `${leftOut} events`} between the first and the latest are not kept</span>
        </li>
      )}
    </ol>
  );
}

/** Whether the timeline shows an event. A change of state that has its own event is not shown twice. */
function isListed(event: SessionEvent): boolean {
  return event.type !== 'session:state' || (event.to !== 'frozen' && event.to !== 'ended');
}

function tone(event: SessionEvent): 'warn' | 'good' | 'end' | undefined {
  switch (event.type) {
    case 'session:warning':
    case 'session:limit':
      return 'warn';
    case 'session:frozen':
      return event.by === null ? undefined : 'warn';
    case 'session:reattached':
    case 'session:reinstated':
    case 'session:extended':
      return 'good';
    case 'session:end':
      return 'end';
    default:
      return undefined;
  }
}

/** What a warning comes before. */
const WARNING_WORDS: Readonly<Record<SessionWarning['deadline'], string>> = {
  idle: 'the idle limit',
  max: 'the maximum duration',
  policy: 'it closes by the policy',
};

/** An event in words. */
function describeEvent(event: SessionEvent): string {
  switch (event.type) {
    case 'session:start':
      return event.previousId === null ? 'Opened' : 'Opened after an earlier session';
    case 'session:warning':
      return `Warned ${describeDuration(event.warning.beforeSeconds)} before ${WARNING_WORDS[event.warning.deadline]}`;
    case 'session:extended':
      return event.by === 'keep_open'
        ? 'Kept open'
        : `Extended by ${describeDuration(event.seconds)} (${event.used} of ${event.count})`;
    case 'session:state':
      return STATE_LABELS[event.to];
    case 'session:frozen':
      return event.by === null ? 'Frozen' : `Frozen by its ${EXPIRY_NAMES[event.by]}`;
    case 'session:limit':
      return `Refused: ${event.running} of ${event.max} sessions were running`;
    case 'session:reattached':
      return `Reattached after Sandglass was down for ${describeDuration(event.awaySeconds)}`;
    case 'session:reinstated':
      return 'Allowed again by the policy';
    case 'session:thawed':
      return `Thawed after ${describeDuration(event.frozenSeconds)}`;
    case 'session:end':
      return describeEnd(event.end);
  }
}
