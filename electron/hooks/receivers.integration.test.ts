import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventTypeName } from '../../shared/events.ts';
import { cloudEvent, testEvent } from './cloud-event.ts';
import { type Received, Receiver, webhookHeaders } from './testing/receiver.ts';
import { SOURCE, sampleEvents, sampleFacts } from './testing/sample-events.ts';
import { createWebhookSender, type WebhookSender } from './webhook.ts';

// What others' libraries make of a delivery that came over real HTTP: the CloudEvents SDK and Standard Webhooks.

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const EVENT_ID = '01JB8Q3000000000000000000B';

let sender: WebhookSender;
let receiver: Receiver;
beforeEach(async () => {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  sender = createWebhookSender({ logger, wall: Date.now });
  receiver = await Receiver.start();
});
afterEach(async () => {
  await sender.close();
  await receiver[Symbol.asyncDispose]();
});

async function deliver(body: string, headers: Record<string, string> = {}): Promise<Received> {
  const action = { kind: 'webhook', url: receiver.url(), headers, secrets: [SECRET] } as const;
  const result = await sender.send(
    { action, eventId: EVENT_ID, body, timeoutMs: 15_000 },
    new AbortController().signal,
  );
  expect(result).toMatchObject({ kind: 'ok' });
  const received = receiver.received.at(-1);
  if (received === undefined) throw new Error('Nothing arrived');
  return received;
}

/** Reads one event as a receiver with the SDK does, and holds it to the specification. */
function readEvent({ headers, body }: Received): CloudEvent<unknown> {
  expect(HTTP.isEvent({ headers, body })).toBe(true);
  const event = HTTP.toEvent({ headers, body });
  if (!(event instanceof CloudEvent)) throw new Error('It is a batch of events');
  expect(event.validate()).toBe(true);
  // Names and values of extensions are checked only when an event is made strictly.
  return new CloudEvent(JSON.parse(body), true);
}

const deliveries = [
  ...sampleEvents.map((event, index) => [`${event.type} (${index})`, cloudEvent(sampleFacts(event)) ?? ''] as const),
  ['hook:test', testEvent({ id: EVENT_ID, source: SOURCE, hook: 'notify', atMs: 0 })] as const,
];

test.each(deliveries)('%s is an event to the CloudEvents SDK, and its signature verifies', async (name, body) => {
  const received = await deliver(body);
  const event = readEvent(received);
  const sent = JSON.parse(body);
  expect(event.type).toBe(eventTypeName(sent.data.event));
  expect(name).toContain(sent.data.event);
  expect(event.toJSON()).toMatchObject(sent);
  expect(HTTP.toEvent({ headers: received.headers, body })).toMatchObject({ data: sent.data, id: sent.id });
  expect(new Webhook(SECRET).verify(received.body, webhookHeaders(received))).toEqual(sent);
});

test('an event stays readable, whatever headers the hook adds', async () => {
  const [, body] = deliveries[0] ?? ['', ''];
  const received = await deliver(body, {
    'Content-Type': 'text/plain',
    'Webhook-Id': 'another',
    'Webhook-Signature': 'v1,none',
    'X-Team': 'seven',
  });
  expect(readEvent(received).id).toBe(JSON.parse(body).id);
  expect(new Webhook(SECRET).verify(received.body, webhookHeaders(received))).toEqual(JSON.parse(body));
});
