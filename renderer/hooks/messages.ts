import { formatClock } from '../../shared/duration.ts';
import type { Delivery, DeliveryState, HookEvent, HookInfo, HookState } from '../../shared/hooks.ts';
import type { DeliveryFilter } from './state.ts';

/** What a hook's state is called. */
export const HOOK_STATE_WORDS: Readonly<Record<HookState, string>> = {
  ready: 'Ready',
  broken: 'Broken',
  disabled: 'Disabled',
  gone: 'Gone',
};

/** What its state means for what it is told, where that is not plain; its own message comes before it. */
export const HOOK_STATE_NOTES: Readonly<Record<HookState, string | null>> = {
  ready: null,
  broken: 'It receives no events until its hook.yaml is corrected.',
  disabled: 'Its hook.yaml says enabled: false, so it receives no events.',
  gone: 'Its endpoint answered that it is permanently gone. It receives no events until you enable it again.',
};

/** What a delivery's state is called. */
export const DELIVERY_WORDS: Readonly<Record<DeliveryState, string>> = {
  owed: 'Pending',
  delivered: 'Delivered',
  dead: 'Failed',
  dropped: 'Dropped',
};

/** The choices of the filter, in their order. */
export const FILTERS: readonly (readonly [DeliveryFilter, string])[] = [
  ['all', 'All'],
  ['owed', DELIVERY_WORDS.owed],
  ['delivered', DELIVERY_WORDS.delivered],
  ['dead', DELIVERY_WORDS.dead],
  ['dropped', DELIVERY_WORDS.dropped],
];

/** What an event is called in the table. */
export const HOOK_EVENT_WORDS: Readonly<Record<HookEvent, string>> = {
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
export function hookLine({ state, owed, dead, kind }: HookInfo): string {
  const parts = [kind === 'webhook' ? 'webhook' : kind === 'run' ? 'program' : 'hook'];
  if (state !== 'ready') parts[0] = HOOK_STATE_WORDS[state].toLowerCase();
  if (owed > 0) parts.push(`${owed} pending`);
  if (dead > 0) parts.push(`${dead} failed`);
  return parts.join(' · ');
}

/** When an owed delivery is tried next; null: it will not be. `now` in milliseconds since the epoch. */
export function nextTry({ state, nextAt }: Delivery, now: number): string | null {
  if (state !== 'owed' || nextAt === null) return null;
  const seconds = Math.ceil((nextAt - now) / 1_000);
  return seconds > 0 ? `next attempt in ${formatClock(seconds)}` : 'next attempt now';
}

/** “1 attempt”, “3 attempts”. */
export function describeTries(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}
