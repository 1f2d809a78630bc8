import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionRecord } from '../journal/journal.ts';
import { seeded } from './testing/dispatcher-rig.ts';
import { script } from './testing/hook-folders.ts';
import { answerWith, Receiver } from './testing/receiver.ts';
import { ServiceRig, webhookYaml } from './testing/service-rig.ts';

const QUICK = 'retry: { attempts: 50, initialBackoffSeconds: 0.1, maxBackoffSeconds: 0.2 }\n';

let rig: ServiceRig;
const receivers: Receiver[] = [];
beforeEach(() => {
  rig = new ServiceRig();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  for (const each of receivers.splice(0)) await each[Symbol.asyncDispose]();
});

async function receiver(...start: Parameters<typeof Receiver.start>): Promise<Receiver> {
  const started = await Receiver.start(...start);
  receivers.push(started);
  return started;
}

function idsOf(from: Receiver): readonly string[] {
  return from.received.map(({ headers }) => String(headers['webhook-id']));
}

/** What a receiver that tells repetitions by their id has seen, in the order in which it saw it first. */
function firstSeen(from: Receiver): readonly string[] {
  return [...new Set(idsOf(from))];
}

/** Whether each lane’s events arrived in the order in which they happened. */
function expectOrder(seen: readonly string[], hook: string, laneOf: ReadonlyMap<string, string>): void {
  const owed = rig.list(hook).map(({ eventId, sessionId }) => ({ eventId, lane: laneOf.get(sessionId ?? '') ?? '' }));
  const place = new Map(seen.map((id, index) => [id, index]));
  for (const lane of Map.groupBy(owed, (each) => each.lane).values()) {
    const places = lane.map(({ eventId }) => place.get(eventId) ?? -1);
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  }
}

/** Sessions of several lanes: each second one follows the one before. */
function storm(sessions: number, extensions: number): ReadonlyMap<string, string> {
  const laneOf = new Map<string, string>();
  let previous: SessionRecord | null = null;
  for (let each = 0; each < sessions; each += 1) {
    const known: SessionRecord = rig.session(extensions, each % 2 === 1 ? previous : null);
    laneOf.set(known.id, laneOf.get(known.previousId ?? '') ?? known.id);
    previous = known;
  }
  return laneOf;
}

describe('a storm of events', () => {
  test('reaches those who listen, while others are dead, hang, refuse or are programs that fail', async () => {
    const [good, slow, refusing, hanging] = [
      await receiver(),
      await receiver((_received, response) => setImmediate(() => response.writeHead(200).end('x'.repeat(1_000)))),
      await receiver(answerWith(500)),
      await receiver(() => {}),
    ];
    rig.folders.write('good', webhookYaml(good.url()));
    rig.folders.write('slow', webhookYaml(slow.url()));
    rig.folders.write('refusing', webhookYaml(refusing.url()));
    rig.folders.write('hanging', webhookYaml(hanging.url(), 'timeoutSeconds: 300\n'));
    rig.folders.write('dead', webhookYaml('http://127.0.0.1:9/'));
    rig.folders.write('fails', 'events: [session:end]\nrun: fail.sh\n', { 'fail.sh': script('exit 3') });
    rig.open();
    const laneOf = storm(250, 2);
    await rig.until(() => rig.info('good').pending === 0 && rig.info('slow').pending === 0);

    for (const [name, from] of [
      ['good', good],
      ['slow', slow],
    ] as const) {
      expect(rig.list(name).every(({ state, attempts }) => state === 'delivered' && attempts === 1)).toBe(true);
      expect(idsOf(from)).toHaveLength(1_000);
      expectOrder(firstSeen(from), name, laneOf);
    }
    // It still hangs, with what it may have at once and no more.
    expect(hanging.received).toHaveLength(4);
    for (const name of ['refusing', 'hanging', 'dead'])
      expect(rig.info(name)).toMatchObject({ pending: 1_000, deadLetters: 0 });
  }, 120_000);

  test('reaches a receiver that fails at random: each event at least once, in order', async () => {
    const draw = seeded(20_261_121);
    const flaky = await receiver((_received, response, request) => {
      const luck = draw();
      if (luck < 0.2) response.writeHead(500).end('no');
      else if (luck < 0.25) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (luck < 0.35) request.socket.destroy();
      // It has taken the event, and the answer is lost.
      else if (luck < 0.4) response.socket?.resetAndDestroy();
      else response.writeHead(200).end();
    });
    rig.folders.write('flaky', webhookYaml(flaky.url(), QUICK));
    rig.open();
    const laneOf = storm(60, 3);
    await rig.until(() => rig.info('flaky').pending === 0);
    const owed = rig.list('flaky');
    expect(owed.every(({ state }) => state === 'delivered')).toBe(true);
    expect(new Set(idsOf(flaky))).toEqual(new Set(owed.map(({ eventId }) => eventId)));
    expect(flaky.received.length).toBeGreaterThan(owed.length);
    expectOrder(firstSeen(flaky), 'flaky', laneOf);
  }, 120_000);

  test('that is cut by the end of the app, again and again, loses nothing', async () => {
    const good = await receiver();
    rig.folders.write('good', webhookYaml(good.url(), QUICK));
    rig.open();
    const laneOf = new Map<string, string>();
    for (let run = 0; run < 5; run += 1) {
      for (const [id, lane] of storm(40, 2)) laneOf.set(id, lane);
      await good.arrivals(good.received.length + 20);
      await rig.close();
      rig.open();
    }
    await rig.until(() => rig.info('good').pending === 0);
    expect(new Set(idsOf(good))).toEqual(new Set(rig.list('good').map(({ eventId }) => eventId)));
    expect(rig.list('good')).toHaveLength(5 * 40 * 4);
    expectOrder(firstSeen(good), 'good', laneOf);
  }, 120_000);
});
