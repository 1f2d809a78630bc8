import type { EffectiveLimits, Limits } from '../../../shared/limits.ts';

/** Limits in force, by default off. */
export function limitsWith(values: Partial<Limits> = {}): EffectiveLimits {
  return {
    values: {
      idleTimeoutSeconds: 0,
      maxDurationSeconds: 0,
      activity: ['input'],
      warnBeforeSeconds: [],
      extensions: { count: 2, seconds: 1_800 },
      closeGraceSeconds: 2,
      maxCommands: 0,
      onExpiry: 'close',
      thawWindowSeconds: 600,
      ...values,
    },
    origins: {
      idleTimeoutSeconds: 'default',
      maxDurationSeconds: 'default',
      activity: 'default',
      warnBeforeSeconds: 'default',
      extensions: 'default',
      closeGraceSeconds: 'default',
      maxCommands: 'default',
      onExpiry: 'default',
      thawWindowSeconds: 'default',
    },
    caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 },
  };
}
