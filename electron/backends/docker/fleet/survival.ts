import { uptime } from 'node:os';
import type { Survival } from '../../../processes/tracker.ts';
import type { StartSpec } from '../../backend.ts';

/**
 * Until when a session's container may outlive the app. What a session's end is in the time of day is told in the machine's
 * uptime: a clock that is set meanwhile then neither ends it early nor keeps it for longer.
 *
 * @param wallMs now, in milliseconds since the epoch
 */
export function survivalOf(spec: Pick<StartSpec, 'endsAt' | 'longestIdleSeconds'>, wallMs: number): Survival {
  const { endsAt, longestIdleSeconds = null } = spec;
  return {
    endsAt: endsAt === null ? null : Math.round(endsAt - wallMs + uptime() * 1_000),
    idleMs: longestIdleSeconds === null ? null : Math.round(longestIdleSeconds * 1_000),
  };
}
