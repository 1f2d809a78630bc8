import { formatClock } from '../../shared/duration.ts';
import type { Delivery, DeliveryState, HookEvent, HookInfo, HookState } from '../../shared/hooks.ts';
import type { DeliveryFilter } from './state.ts';

/** What a hook's state is called. */
export const HOOK_STATE_LABELS: Readonly<Record<HookState, string>> = {
  ready: 'Ready',
  broken: 'Broken',
  disabled: 'Disabled',
  gone: 'Gone',
};

/** What a hook's state means for its deliveries, shown after the hook's own message; null if that is obvious. */
export const HOOK_STATE_NOTES: Readonly<Record<HookState, string | null>> = {
  ready: null,
  broken: 'It receives no events until its hook.yaml is corrected.',
  disabled: 'Its hook.yaml says enabled: false, so it receives no events.',
  gone: 'Its endpoint answered that it is permanently gone. It receives no events until you enable it again.',
};

/** What a delivery's state is called. */
export const DELIVERY_LABELS: Readonly<Record<DeliveryState, string>> = {
  pending: 'Pending',
  delivered: 'Delivered',
  'dead-letter': 'Failed',
  dropped: 'Dropped',
};

/** The choices of the filter, in their order. */
export const FILTERS: readonly (readonly [DeliveryFilter, string])[] = [
  ['all', 'All'],
  ['pending', DELIVERY_LABELS.pending],
  ['delivered', DELIVERY_LABELS.delivered],
  ['dead-letter', DELIVERY_LABELS['dead-letter']],
  ['dropped', DELIVERY_LABELS.dropped],
];

/** What an event is called in the table. */
export const HOOK_EVENT_LABELS: Readonly<Record<HookEvent, string>> = {
  'session:start': 'Start',
  'session:warning': 'Warning',
  'session:extended': 'Extended',
  'session:frozen': 'Frozen',
  'session:thawed': 'Thawed',
  'session:reinstated': 'Allowed again',
  'session:limit': 'Refused',
  'session:reattached': 'Reattached',
  'session:end': 'End',
  'hook:test': 'Test',
};

/** One line about a hook in the list: its state where that matters, and what waits. */
export function hookLine({ state, pending, deadLetters, kind }: HookInfo): string {
  const parts = [kind === 'webhook' ? 'webhook' : kind === 'run' ? 'program' : 'hook'];
  if (state !== 'ready') parts[0] = HOOK_STATE_LABELS[state].toLowerCase();
  if (pending > 0) parts.push(`${pending} pending`);
  if (deadLetters > 0) parts.push(`${deadLetters} failed`);
  return parts.join(' · ');
}

/** When a pending delivery is attempted next, or null if it is not. `now` in milliseconds since the epoch. */
export function nextAttempt({ state, nextAt }: Delivery, now: number): string | null {
  if (state !== 'pending' || nextAt === null) return null;
  const seconds = Math.ceil((nextAt - now) / 1_000);
  return seconds > 0 ? `next attempt in ${formatClock(seconds)}` : 'next attempt now';
}

/** “1 attempt”, “3 attempts”. */
export function describeAttempts(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}
