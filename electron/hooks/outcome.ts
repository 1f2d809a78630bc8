import type { DeliveryOutcome } from '../journal/deliveries.ts';
import type { WebhookResult } from './webhook.ts';

/**
 * What a try means for the delivery.
 *
 * @param failures Tries that have failed, this one included, if it has.
 * @param attempts Tries in all that there may be.
 * @param nextAt When the next one may begin, in milliseconds since the epoch.
 */
export function outcomeOf(result: WebhookResult, failures: number, attempts: number, nextAt: number): DeliveryOutcome {
  if (result.kind === 'ok') return { kind: 'delivered', outcome: result.words };
  if (result.kind === 'gone') return { kind: 'dead', outcome: `${result.words}: the receiver wants no more events` };
  if (failures < attempts) return { kind: 'retry', outcome: result.words, nextAt };
  const tries = failures === 1 ? 'one try' : `${failures} tries`;
  return { kind: 'dead', outcome: `${result.words}; given up after ${tries}` };
}
