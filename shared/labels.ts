import type { SettingPath } from './settings.ts';

/** The name of each setting: in the settings screen, in messages, and in docs/settings.md. */
export const SETTING_LABELS: Readonly<Record<SettingPath, string>> = {
  'limits.local.idleTimeoutSeconds': 'Idle timeout',
  'limits.local.maxDurationSeconds': 'Maximum duration',
  'limits.sandboxed.idleTimeoutSeconds': 'Idle timeout in a sandbox',
  'limits.sandboxed.maxDurationSeconds': 'Maximum duration in a sandbox',
  'limits.activity': 'What counts as activity',
  'limits.warnBeforeSeconds': 'Warnings',
  'limits.extensions.count': 'Extensions',
  'limits.extensions.seconds': 'Extension length',
  'limits.closeGraceSeconds': 'Close grace period',
  'limits.maxCommands': 'Maximum commands',
  'limits.onExpiry': 'When time is up',
  'limits.thawWindowSeconds': 'Thaw window',
  'sessions.maxConcurrentSessions': 'Maximum concurrent sessions',
  'sessions.cleanupIntervalSeconds': 'Cleanup interval',
  'history.keepDays': 'Days kept',
  'history.keepSessions': 'Sessions kept',
  'history.keepMegabytes': 'Megabytes kept',
  'terminal.fontSize': 'Font size',
  'terminal.scrollbackLines': 'Scrollback',
  'terminal.renderer': 'Renderer',
  'terminal.cursorBlink': 'Blinking cursor',
  'terminal.loginShell': 'Login shell',
  'terminal.minimumContrastRatio': 'Minimum contrast',
  'terminal.digitsSelectTabs': 'Digits select tabs',
  'terminal.screenReader': 'Screen reader',
  'appearance.theme': 'Theme',
};

/** The name of each field of a profile: in the editor, in messages, and in docs/settings.md. */
export const PROFILE_LABELS = {
  name: 'Name',
  backend: 'Kind',
  shell: 'Shell',
  args: 'Arguments',
  loginShell: SETTING_LABELS['terminal.loginShell'],
  folder: 'Folder',
  folderAccess: 'Access to the folder',
  mountAt: 'Mounted at',
  environment: 'Variables',
  environmentAllow: 'Variables passed on',
  idleTimeoutSeconds: SETTING_LABELS['limits.local.idleTimeoutSeconds'],
  maxDurationSeconds: SETTING_LABELS['limits.local.maxDurationSeconds'],
  activity: SETTING_LABELS['limits.activity'],
  warnBeforeSeconds: SETTING_LABELS['limits.warnBeforeSeconds'],
  extensions: SETTING_LABELS['limits.extensions.count'],
  closeGraceSeconds: SETTING_LABELS['limits.closeGraceSeconds'],
  maxCommands: SETTING_LABELS['limits.maxCommands'],
  onExpiry: SETTING_LABELS['limits.onExpiry'],
  thawWindowSeconds: SETTING_LABELS['limits.thawWindowSeconds'],
  recording: 'Recording',
  network: 'Network',
  memoryMiB: 'Memory',
  cpus: 'Processors',
  pids: 'Processes',
  image: 'Image',
  pull: 'Pull',
  user: 'User',
  runtime: 'Runtime',
  readOnlyRoot: 'Read-only root',
  capabilities: 'Capabilities',
  noNewPrivileges: 'No new privileges',
  pool: 'Kept ready',
  survive: 'Survives a crash',
  credentials: 'Credentials',
} as const;
export type ProfileField = keyof typeof PROFILE_LABELS;

/** Every field of a profile. */
// Object.keys knows no more than `string`.
export const PROFILE_FIELDS = Object.keys(PROFILE_LABELS) as readonly ProfileField[];

/** The name of each field of one credential. */
export const CREDENTIAL_LABELS = {
  env: 'Variable',
  command: 'Command',
  args: 'Arguments',
  file: 'File',
  name: 'Stored as',
  ttlSeconds: 'Valid for',
} as const;
export type CredentialPart = keyof typeof CREDENTIAL_LABELS;
