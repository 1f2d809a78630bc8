import {
  ACTIVITY_KINDS,
  type EffectiveLimits,
  LIMIT_ORIGINS,
  type LimitOrigin,
  type Limits,
  type PartialLimits,
} from '../../../shared/limits.ts';
import { isSandboxed, type Profile } from '../../../shared/profile.ts';
import type { Policy } from '../../../shared/settings.ts';
import { commandsWithinPolicy, leastActivity, withinPolicy } from '../../storage/effective-settings.ts';
import type { EffectiveSettings } from '../../storage/settings-store.ts';

/** Every level that may limit a session. */
export interface LimitSources {
  readonly settings: EffectiveSettings;
  readonly policy: Policy;
  readonly profile: Pick<Profile, 'backend' | 'limits'>;
  /** What this one tab asks for. */
  readonly tab?: PartialLimits | undefined;
}

/** One level's say in one limit. */
interface Claim<T> {
  readonly value: T;
  readonly origin: LimitOrigin;
}

/**
 * The limits of one session; the settings have timeouts of their own for sandboxes.
 *
 * For timeouts, commands, extensions and activity the strictest of settings, profile, tab and policy holds; off (0) is
 * looser than any time or number, and what counts as activity is what every level counts. When to warn, how long to wait
 * on closing, what happens when the time is up and how long a frozen session waits are matters of taste: none of them lets
 * a session run for longer than its limits say, so the tab's holds, else the profile's, else that of the settings.
 * Of levels that ask for the same, the first in the order of `LIMIT_ORIGINS` is named as the origin.
 */
export function effectiveLimits({ settings, policy, profile, tab = {} }: LimitSources): EffectiveLimits {
  const { limits } = settings.preferences;
  const { origins } = settings;
  const kind = isSandboxed(profile.backend) ? 'sandboxed' : 'local';
  const levels: readonly Claim<PartialLimits>[] = [
    { value: profile.limits, origin: 'profile' },
    { value: tab, origin: 'tab' },
  ];

  const idle = strictest(
    [
      { value: limits[kind].idleTimeoutSeconds, origin: origins[`limits.${kind}.idleTimeoutSeconds`] },
      ...claims(levels, 'idleTimeoutSeconds'),
    ],
    (seconds) => withinPolicy(seconds, policy.minimumTimeoutSeconds, policy.maxIdleTimeoutSeconds),
  );
  const max = strictest(
    [
      { value: limits[kind].maxDurationSeconds, origin: origins[`limits.${kind}.maxDurationSeconds`] },
      ...claims(levels, 'maxDurationSeconds'),
    ],
    (seconds) => withinPolicy(seconds, policy.minimumTimeoutSeconds, policy.maxMaxDurationSeconds),
  );
  const commands = strictest(
    [{ value: limits.maxCommands, origin: origins['limits.maxCommands'] }, ...claims(levels, 'maxCommands')],
    (count) => commandsWithinPolicy(count, policy),
  );
  const activity = commonActivity(
    [{ value: limits.activity, origin: origins['limits.activity'] }, ...claims(levels, 'activity')],
    policy,
  );
  const budgets = claims(levels, 'extensions');
  const count = smallest([
    { value: limits.extensions.count, origin: origins['limits.extensions.count'] },
    ...budgets.map(({ value, origin }) => ({ value: value.count, origin })),
    ...(policy.maxExtensions === undefined ? [] : [{ value: policy.maxExtensions, origin: 'policy' as const }]),
  ]);
  const seconds = smallest([
    { value: limits.extensions.seconds, origin: origins['limits.extensions.seconds'] },
    ...budgets.map(({ value, origin }) => ({ value: value.seconds, origin })),
  ]);
  const warn = innermost(
    { value: limits.warnBeforeSeconds, origin: origins['limits.warnBeforeSeconds'] },
    claims(levels, 'warnBeforeSeconds'),
  );
  const grace = innermost(
    { value: limits.closeGraceSeconds, origin: origins['limits.closeGraceSeconds'] },
    claims(levels, 'closeGraceSeconds'),
  );
  const expiry = innermost({ value: limits.onExpiry, origin: origins['limits.onExpiry'] }, claims(levels, 'onExpiry'));
  const thaw = innermost(
    { value: limits.thawWindowSeconds, origin: origins['limits.thawWindowSeconds'] },
    claims(levels, 'thawWindowSeconds'),
  );

  return {
    values: {
      idleTimeoutSeconds: idle.value,
      maxDurationSeconds: max.value,
      activity: activity.value,
      warnBeforeSeconds: [...new Set(warn.value)].sort((a, b) => b - a),
      extensions: { count: count.value, seconds: seconds.value },
      closeGraceSeconds: grace.value,
      maxCommands: commands.value,
      onExpiry: expiry.value,
      thawWindowSeconds: thaw.value,
    },
    origins: {
      idleTimeoutSeconds: idle.origin,
      maxDurationSeconds: max.origin,
      activity: activity.origin,
      warnBeforeSeconds: warn.origin,
      // One name for two numbers: the later of the levels that set them is the one that narrowed the budget last.
      extensions: rank(count.origin) >= rank(seconds.origin) ? count.origin : seconds.origin,
      closeGraceSeconds: grace.origin,
      maxCommands: commands.origin,
      onExpiry: expiry.origin,
      thawWindowSeconds: thaw.origin,
    },
    caps: {
      idleTimeoutSeconds: policy.maxIdleTimeoutSeconds ?? 0,
      maxDurationSeconds: policy.maxMaxDurationSeconds ?? 0,
    },
  };
}

/** What the levels ask for this limit; those that do not name it are left out. */
function claims<N extends keyof Limits>(
  levels: readonly Claim<PartialLimits>[],
  name: N,
): Claim<NonNullable<PartialLimits[N]>>[] {
  return levels.flatMap(({ value, origin }) => {
    const own = value[name];
    return own === undefined ? [] : [{ value: own, origin }];
  });
}

/**
 * The smallest number, 0 being off; each brought within the policy first, so that the policy is named where it had to act.
 */
function strictest(asked: readonly Claim<number>[], within: (value: number) => number): Claim<number> {
  const allowed = asked.map(({ value, origin }): Claim<number> => {
    const allowedValue = within(value);
    return { value: allowedValue, origin: allowedValue === value ? origin : 'policy' };
  });
  const { value, origin } = smallest(
    allowed.map((claim) => ({ ...claim, value: claim.value || Number.POSITIVE_INFINITY })),
  );
  return { value: Number.isFinite(value) ? value : 0, origin };
}

/** What every level counts as activity, in the order of `ACTIVITY_KINDS`, and the level that narrowed it last. */
function commonActivity(asked: readonly Claim<Limits['activity']>[], policy: Policy): Claim<Limits['activity']> {
  const all =
    policy.allowedActivity === undefined
      ? asked
      : [...asked, { value: policy.allowedActivity, origin: 'policy' as const }];
  let common: Claim<Limits['activity']> = { value: [...ACTIVITY_KINDS], origin: 'default' };
  for (const [index, { value, origin }] of all.entries()) {
    const narrowed = common.value.filter((kind) => value.includes(kind));
    if (index === 0 || narrowed.length < common.value.length) common = { value: narrowed, origin };
  }
  return common.value.length > 0 ? common : { value: leastActivity(policy), origin: common.origin };
}

function smallest(asked: readonly Claim<number>[]): Claim<number> {
  return asked.reduce((best, claim) => {
    if (claim.value !== best.value) return claim.value < best.value ? claim : best;
    return rank(claim.origin) < rank(best.origin) ? claim : best;
  });
}

function innermost<T>(outer: Claim<T>, inner: readonly Claim<T>[]): Claim<T> {
  return inner.at(-1) ?? outer;
}

function rank(origin: LimitOrigin): number {
  return LIMIT_ORIGINS.indexOf(origin);
}
