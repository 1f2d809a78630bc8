import { dataSchemaId, type EventData, type EventOf, eventTypeName } from '../../shared/events.ts';
import { describeEnd } from '../../shared/session.ts';
import type { EventFacts } from '../journal/hook-service.ts';
import type { RecordedFile, SessionRecord } from '../journal/journal.ts';

/** The longest text of a failure that is passed on, in UTF-16 code units: an event stays far below 64 KiB. */
const MAX_TEXT = 2000;
/** The last moment that RFC 3339 can write, in milliseconds since the epoch. */
const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const SEQUENCE_DIGITS = 10;

/** The CloudEvents `source` of an installation. */
export function eventSource(installationId: string): string {
  return `urn:sandglass:${installationId}`;
}

/**
 * An event as hooks are sent it, as JSON (CloudEvents 1.0, `shared/events.ts`). Made once: each attempt sends the same bytes.
 *
 * @returns null when the session's record is missing: then there is nothing to send.
 */
export function cloudEvent(facts: EventFacts): string | null {
  const { event } = facts;
  const data = dataOf(facts);
  if (data === null) return null;
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: facts.source,
    type: eventTypeName(event.type),
    subject: event.sessionId,
    time: timeOf(event.at),
    datacontenttype: 'application/json',
    dataschema: dataSchemaId(event.type),
    sequence: String(facts.sequence).padStart(SEQUENCE_DIGITS, '0'),
    data,
  });
}

/** What *Send a test event* sends to a hook, as JSON. */
export function testEvent(facts: { id: string; source: string; hook: string; atMs: number }): string {
  const event: EventOf<'hook:test'> = {
    specversion: '1.0',
    id: facts.id,
    source: facts.source,
    type: eventTypeName('hook:test'),
    time: timeOf(facts.atMs),
    datacontenttype: 'application/json',
    dataschema: dataSchemaId('hook:test'),
    data: { event: 'hook:test', hook: facts.hook, message: 'This is a test. No session has changed.' },
  };
  return JSON.stringify(event);
}

function dataOf({ event, record, recording, recordingFile }: EventFacts): EventData | null {
  if (event.type === 'session:limit') {
    const { type, sessionId, profileId, backend, running, max } = event;
    return { event: type, sessionId, profile: { id: profileId }, backend, limit: { running, max } };
  }
  if (record === null) return null;
  const session = sessionData(record);
  const unended = { reason: null, endedAt: null, durationSeconds: null, recording: null };
  switch (event.type) {
    case 'session:start':
      return { event: event.type, ...session, ...unended };
    case 'session:warning': {
      const { deadline, beforeSeconds, stage, last } = event.warning;
      return { event: event.type, ...session, ...unended, warning: { deadline, beforeSeconds, stage, last } };
    }
    case 'session:extended': {
      const { by, seconds, used, count } = event;
      return { event: event.type, ...session, ...unended, extension: { by, seconds, used, count } };
    }
    case 'session:frozen': {
      const thawWindowSeconds = event.by === null ? null : record.limits.values.thawWindowSeconds;
      return { event: event.type, ...session, ...unended, frozen: { by: event.by, thawWindowSeconds } };
    }
    case 'session:thawed':
      return { event: event.type, ...session, ...unended, thawed: { frozenSeconds: event.frozenSeconds } };
    case 'session:reinstated':
      return { event: event.type, ...session, ...unended };
    case 'session:reattached':
      return { event: event.type, ...session, ...unended, reattached: { awaySeconds: event.awaySeconds } };
    case 'session:end': {
      const { end } = event;
      const { bytesOut, bytesIn, warnings, extensions } = record.counters;
      return {
        event: event.type,
        ...session,
        reason: end.reason,
        endedAt: timeOf(end.at),
        durationSeconds: end.durationSeconds,
        recording: recording === null ? null : recordingData(recording, recordingFile),
        summary: clip(describeEnd(end)),
        end: {
          exitCode: end.exitCode,
          signal: end.signal,
          expired: end.expired,
          limitSeconds: end.limitSeconds,
          elapsedSeconds: end.elapsedSeconds,
          failure:
            end.failure === null
              ? null
              : { stage: end.failure.stage, message: clip(end.failure.message), hint: clip(end.failure.hint) },
          detail: end.detail === null ? null : clip(end.detail),
          survivors: end.survivors.length,
        },
        counters: { bytesOut, bytesIn, warnings, extensions },
      };
    }
  }
}

function sessionData(record: SessionRecord) {
  const { container, limits, host, app } = record;
  const { idleTimeoutSeconds, maxDurationSeconds, maxCommands, onExpiry } = limits.values;
  return {
    sessionId: record.id,
    previousId: record.previousId,
    profile: { id: record.profile.id, name: record.profile.name },
    backend: record.backend,
    title: record.title,
    container:
      container === null
        ? null
        : { id: container.id, name: container.name, image: container.image, digest: container.digest },
    limits: { idleTimeoutSeconds, maxDurationSeconds, maxCommands, onExpiry },
    host: { name: host.hostname, platform: host.platform },
    app: { name: app.name, version: app.version },
    startedAt: timeOf(record.startedAt),
  };
}

function recordingData({ format, bytes, sha256, truncated }: RecordedFile, file: string | null) {
  return { file, format, bytes, sha256, truncated };
}

/** RFC 3339 in UTC. A clock that is set beyond all sense gives the last moment that can be written. */
function timeOf(ms: number): string {
  return new Date(Math.min(ms, LAST_MOMENT)).toISOString();
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
