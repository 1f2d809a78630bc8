import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventSchemas } from '../../shared/events.ts';
import { HOOK_EVENTS } from '../../shared/hooks.ts';
import { cloudEvent, eventSource, testEvent } from './cloud-event.ts';
import {
  PREVIOUS_ID,
  SESSION_ID,
  SOURCE,
  sampleEnd,
  sampleEvents,
  sampleFacts,
  sampleRecord,
} from './testing/sample-events.ts';

function told(facts: ReturnType<typeof sampleFacts>) {
  return JSON.parse(cloudEvent(facts) ?? 'null');
}

test('an end tells who, what, when, how long, why and where the recording is', () => {
  const event = {
    id: '01JB8Q3',
    sessionId: SESSION_ID,
    at: sampleEnd.at,
    type: 'session:end',
    end: sampleEnd,
  } as const;
  expect(told(sampleFacts(event))).toEqual({
    specversion: '1.0',
    id: '01JB8Q3',
    source: SOURCE,
    type: 'org.sandglass.session.end',
    subject: SESSION_ID,
    time: '2026-11-03T09:38:52.500Z',
    datacontenttype: 'application/json',
    dataschema: 'urn:sandglass:event-data:session.end:1',
    sequence: '0000000007',
    data: {
      event: 'session:end',
      sessionId: SESSION_ID,
      previousId: PREVIOUS_ID,
      profile: { id: 'container', name: 'Container' },
      backend: 'docker',
      title: 'Build',
      container: {
        id: 'f'.repeat(64),
        name: 'sandglass-01jb8q2zc3w6t4v9xk5n7mhrda',
        image: 'debian:bookworm-slim',
        digest: `debian@sha256:${'b'.repeat(64)}`,
      },
      limits: { idleTimeoutSeconds: 900, maxDurationSeconds: 3600, maxCommands: 0, onExpiry: 'freeze' },
      host: { name: 'workbench', platform: 'linux' },
      app: { name: 'Sandglass', version: '0.1.0' },
      startedAt: '2026-11-03T09:15:00.000Z',
      reason: 'idle_timeout',
      endedAt: '2026-11-03T09:38:52.500Z',
      durationSeconds: 1432.5,
      recording: {
        file: '/home/ada/sessions/2026/11/recording.cast',
        format: 'asciicast-v3',
        bytes: 61_002,
        sha256: 'c'.repeat(64),
        truncated: false,
      },
      summary: 'Closed after 15 minutes without activity',
      end: {
        exitCode: null,
        signal: 'SIGHUP',
        expired: 'idle_timeout',
        limitSeconds: 900,
        elapsedSeconds: 900,
        failure: null,
        detail: null,
        survivors: 1,
      },
      counters: { bytesOut: 52_431, bytesIn: 312, warnings: 3, extensions: 1 },
    },
  });
});

test.each(sampleEvents.map((event, index) => [event.type, index, event] as const))(
  '%s (%i) holds all that its schema names, and nothing else',
  (type, _, event) => {
    const value = told(sampleFacts(event));
    expect(eventSchemas[type].parse(value)).toEqual(value);
  },
);

test('a test event holds all that its schema names, and nothing else', () => {
  const value = JSON.parse(testEvent({ id: 'A', source: SOURCE, hook: 'notify', atMs: 0 }));
  expect(eventSchemas['hook:test'].parse(value)).toEqual(value);
  expect(value).not.toHaveProperty('subject');
});

test('every event that hooks can be told of has a sample here', () => {
  expect(new Set([...sampleEvents.map(({ type }) => type), 'hook:test'])).toEqual(new Set(HOOK_EVENTS));
});

test('the same facts give the same bytes', () => {
  for (const event of sampleEvents) {
    expect(cloudEvent(sampleFacts(structuredClone(event)))).toBe(cloudEvent(sampleFacts(event)));
  }
});

test('what a shell was called with is not told', () => {
  for (const event of sampleEvents) expect(cloudEvent(sampleFacts(event))).not.toContain('not to be told');
});

test('an event of a session that nothing is known of cannot be told', () => {
  const facts = sampleEvents.map((event) => ({ ...sampleFacts(event), record: null }));
  const tellable = facts.filter((each) => cloudEvent(each) !== null);
  expect(tellable.map(({ event }) => event.type)).toEqual(['session:limit']);
});

describe('however odd the facts are,', () => {
  const end = { id: 'A', sessionId: SESSION_ID, at: 0, type: 'session:end', end: sampleEnd } as const;

  test('the sequence sorts as a text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 2 ** 31 }), (a, b) => {
        const [first, second] = [a, b].map((sequence) => told({ ...sampleFacts(end), sequence }).sequence);
        expect(first < second).toBe(a < b);
      }),
    );
  });

  test('times are such that RFC 3339 can write them', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), (at) => {
        const value = told(sampleFacts({ ...end, at }));
        expect(eventSchemas['session:end'].safeParse(value).error).toBeUndefined();
      }),
    );
  });

  test('the event stays below 64 KiB, and no character is cut in two', () => {
    const long = '😀'.repeat(100_000);
    const failure = { stage: 'pull', message: long, hint: `x${long}` } as const;
    const body = cloudEvent(
      sampleFacts({ ...end, end: { ...sampleEnd, reason: 'start_failed', failure, detail: long } }),
    );
    expect(Buffer.byteLength(body ?? '')).toBeLessThan(64 * 1024);
    expect(body?.isWellFormed()).toBe(true);
    expect(body).not.toMatch(/\\ud8/i);
  });
});

test('an installation is named by a URN', () => {
  expect(eventSource('01JB8N000000000000000000AA')).toBe(SOURCE);
  expect(sampleRecord.id).toBe(SESSION_ID);
});
