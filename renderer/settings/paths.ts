import type { Policy, Preferences, SettingPath } from '../../shared/settings.ts';

/** What settings of any kind hold. */
export type SettingValue = number | boolean | string | readonly (number | string)[];

/** The value at a setting's address. */
export function settingAt(preferences: Preferences, path: SettingPath): SettingValue {
  const { limits, sessions, history, terminal, appearance } = preferences;
  switch (path) {
    case 'limits.local.idleTimeoutSeconds':
      return limits.local.idleTimeoutSeconds;
    case 'limits.local.maxDurationSeconds':
      return limits.local.maxDurationSeconds;
    case 'limits.sandboxed.idleTimeoutSeconds':
      return limits.sandboxed.idleTimeoutSeconds;
    case 'limits.sandboxed.maxDurationSeconds':
      return limits.sandboxed.maxDurationSeconds;
    case 'limits.activity':
      return limits.activity;
    case 'limits.warnBeforeSeconds':
      return limits.warnBeforeSeconds;
    case 'limits.extensions.count':
      return limits.extensions.count;
    case 'limits.extensions.seconds':
      return limits.extensions.seconds;
    case 'limits.closeGraceSeconds':
      return limits.closeGraceSeconds;
    case 'limits.maxCommands':
      return limits.maxCommands;
    case 'limits.onExpiry':
      return limits.onExpiry;
    case 'limits.thawWindowSeconds':
      return limits.thawWindowSeconds;
    case 'history.keepDays':
      return history.keepDays;
    case 'history.keepSessions':
      return history.keepSessions;
    case 'history.keepMegabytes':
      return history.keepMegabytes;
    case 'sessions.maxConcurrentSessions':
      return sessions.maxConcurrentSessions;
    case 'sessions.cleanupIntervalSeconds':
      return sessions.cleanupIntervalSeconds;
    case 'terminal.fontSize':
      return terminal.fontSize;
    case 'terminal.scrollbackLines':
      return terminal.scrollbackLines;
    case 'terminal.renderer':
      return terminal.renderer;
    case 'terminal.cursorBlink':
      return terminal.cursorBlink;
    case 'terminal.loginShell':
      return terminal.loginShell;
    case 'terminal.minimumContrastRatio':
      return terminal.minimumContrastRatio;
    case 'terminal.digitsSelectTabs':
      return terminal.digitsSelectTabs;
    case 'terminal.screenReader':
      return terminal.screenReader;
    case 'appearance.theme':
      return appearance.theme;
  }
}

/** Whether two values of a setting are the same. */
export function sameValue(a: SettingValue, b: SettingValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What a number may be under the policy; `offAllowed`: 0 switches it off. */
export interface NumberRange {
  min: number;
  max: number;
  offAllowed: boolean;
  /** Whether the policy narrows it. */
  byPolicy: boolean;
}

/** The range of a numeric setting, policy included. */
export function rangeOf(path: SettingPath, policy: Policy): NumberRange {
  const range = (min: number, max: number, offAllowed = false, byPolicy = false): NumberRange => ({
    min,
    max,
    offAllowed,
    byPolicy,
  });
  switch (path) {
    case 'limits.local.idleTimeoutSeconds':
    case 'limits.sandboxed.idleTimeoutSeconds': {
      const cap = policy.maxIdleTimeoutSeconds;
      return range(policy.minimumTimeoutSeconds, cap ?? 604_800, cap === undefined, cap !== undefined);
    }
    case 'limits.local.maxDurationSeconds':
    case 'limits.sandboxed.maxDurationSeconds': {
      const cap = policy.maxMaxDurationSeconds;
      return range(policy.minimumTimeoutSeconds, cap ?? 604_800, cap === undefined, cap !== undefined);
    }
    case 'limits.warnBeforeSeconds':
    case 'limits.extensions.seconds':
    case 'limits.thawWindowSeconds':
    case 'sessions.cleanupIntervalSeconds':
      return range(1, 86_400);
    case 'limits.maxCommands': {
      const cap = policy.maxMaxCommands;
      return range(cap === undefined ? 0 : 1, cap ?? 1_000_000, cap === undefined, cap !== undefined);
    }
    case 'limits.extensions.count':
      return range(0, policy.maxExtensions ?? 100, false, policy.maxExtensions !== undefined);
    case 'limits.closeGraceSeconds':
      return range(0, 60);
    case 'sessions.maxConcurrentSessions':
      return range(1, policy.maxConcurrentSessions ?? 10_000, false, policy.maxConcurrentSessions !== undefined);
    case 'history.keepDays':
      return range(0, 36_500);
    case 'history.keepSessions':
      return range(0, 1_000_000);
    case 'history.keepMegabytes':
      return range(0, 100_000_000);
    case 'terminal.fontSize':
      return range(8, 32);
    case 'terminal.scrollbackLines':
      return range(0, 100_000);
    case 'terminal.minimumContrastRatio':
      return range(1, 21);
    default:
      return range(0, Number.MAX_SAFE_INTEGER);
  }
}
