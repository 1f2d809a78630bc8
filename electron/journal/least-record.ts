import { METADATA_VERSION } from '../../shared/recording.ts';
import type { SessionRecord } from './journal.ts';

/** What is always known of a session. */
export type LeastKnown = Pick<
  SessionRecord,
  'id' | 'previousId' | 'profile' | 'backend' | 'title' | 'startedAt' | 'shell'
>;

/** A session of which nothing more is known any more: without limits, counts, isolation and host. */
export function leastRecord(known: LeastKnown): SessionRecord {
  return {
    version: METADATA_VERSION,
    ...known,
    isolation: [],
    containment: 'tree',
    container: null,
    limits: {
      values: {
        idleTimeoutSeconds: 0,
        maxDurationSeconds: 0,
        activity: ['input'],
        warnBeforeSeconds: [],
        extensions: { count: 0, seconds: 1 },
        closeGraceSeconds: 0,
        maxCommands: 0,
        onExpiry: 'close',
        thawWindowSeconds: 600,
      },
      origins: {},
      caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 },
    },
    counters: { bytesOut: 0, bytesIn: 0, resizes: 0, warnings: 0, extensions: 0, commands: 0 },
    host: { platform: '', release: '', arch: '', hostname: '' },
    app: { name: 'Sandglass', version: '' },
  };
}
