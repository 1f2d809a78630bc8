import type { Survivor } from '../../../shared/session.ts';
import { describeElapsed } from '../webhook-messages.ts';

/** How a hook's executable came to its end. */
export type HookEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed out'; readonly limitMs: number }
  | { readonly kind: 'flooded'; readonly bytes: number }
  | { readonly kind: 'stopped' };

/**
 * How a run went, for a person: “exited with 3 after 0.2 s; 1 process that it had left was ended”.
 *
 * @param left how many of its processes had to be ended after it.
 */
export function describeRun(end: HookEnd, tookMs: number, left: number, survivors: readonly Survivor[]): string {
  const rest: string[] = [];
  if (left === 1) rest.push('1 process that it had left was ended');
  if (left > 1) rest.push(`${left} processes that it had left were ended`);
  if (survivors.length > 0) {
    rest.push(`could not be ended: ${survivors.map(({ command, pid }) => `${command} (${pid})`).join(', ')}`);
  }
  return [describeEnd(end, tookMs), ...rest].join('; ');
}

function describeEnd(end: HookEnd, tookMs: number): string {
  switch (end.kind) {
    case 'exited':
      return `exited with ${end.code} after ${describeElapsed(tookMs)}`;
    case 'signalled':
      return `was ended by ${end.signal} after ${describeElapsed(tookMs)}`;
    case 'timed out':
      return `timed out after ${describeElapsed(end.limitMs)} and was ended`;
    case 'flooded':
      return `wrote more than ${end.bytes / 1024 / 1024} MiB and was ended`;
    case 'stopped':
      return 'was ended before it was done';
  }
}
