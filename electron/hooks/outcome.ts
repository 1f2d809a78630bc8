import type { DeliveryOutcome } from '../journal/deliveries.ts';
import type { WebhookResult } from './webhook.ts';

/**
 * What an attempt means for the delivery.
 *
 * @param failures Failed attempts so far, including this one if it failed.
 * @param attempts The largest number of attempts.
 * @param nextAt When the next attempt may begin, in milliseconds since the epoch.
 */
export function outcomeOf(result: WebhookResult, failures: number, attempts: number, nextAt: number): DeliveryOutcome {
  if (result.kind === 'ok') return { kind: 'delivered', outcome: result.words };
  if (result.kind === 'gone')
    return { kind: 'dead-letter', outcome: `${result.words}: the endpoint wants no more events` };
  if (failures < attempts) return { kind: 'retry', outcome: result.words, nextAt };
  const count = failures === 1 ? '1 attempt' : `${failures} attempts`;
  return { kind: 'dead-letter', outcome: `${result.words}; failed after ${count}` };
}
