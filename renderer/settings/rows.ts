import type { ActivityKind, OnExpiry } from '../../shared/limits.ts';
import type { LoginShell } from '../../shared/profile.ts';
import type { SettingPath } from '../../shared/settings.ts';

/** One of the values that a setting can have. */
export interface Option {
  value: string;
  label: string;
  /** What it does, where its name does not say. */
  about?: string;
}

/** How a setting is edited. */
export type Control =
  | { kind: 'duration' }
  | { kind: 'durations' }
  /** `zero`: what 0 means, where it is no amount. `decimals`: it need not be a whole number. */
  | { kind: 'number'; unit: string; zero?: string; decimals?: true }
  | { kind: 'switch' }
  | { kind: 'choice'; options: readonly Option[] }
  | { kind: 'several'; options: readonly Option[] };

/** One row of the settings page. */
export interface SettingRow {
  path: SettingPath;
  name: string;
  description: string;
  control: Control;
  /** The environment variable that can override it. */
  variable?: string;
}

export interface SettingSection {
  id: string;
  title: string;
  rows: readonly SettingRow[];
}

/** Whether shells are login shells, for every form that asks. */
export const LOGIN_SHELL_OPTIONS: readonly (Option & { value: LoginShell })[] = [
  { value: 'automatic', label: 'Automatic' },
  { value: 'yes', label: 'Yes' },
  { value: 'no', label: 'No' },
];

/** What can be done with a session whose time is up, in the words of every form that asks. */
export const EXPIRY_OPTIONS: readonly (Option & { value: OnExpiry; about: string })[] = [
  { value: 'close', label: 'Close', about: 'The session ends. What it printed stays readable.' },
  {
    value: 'reset',
    label: 'Close, and a key press opens a fresh one',
    about: 'The session ends as well. The next key press in its tab opens another one of the same profile.',
  },
  {
    value: 'freeze',
    label: 'Freeze',
    about:
      'Everything in it stops where it stands until somebody thaws it. It closes when nobody does within the thaw window, and always at its maximum of commands.',
  },
];

/** What may count as activity, in the words of every form that asks. */
export const ACTIVITY_OPTIONS: readonly (Option & { value: ActivityKind; about: string })[] = [
  { value: 'input', label: 'Typing and pasting', about: 'What you do in the session: keys, paste, mouse buttons.' },
  {
    value: 'busy',
    label: 'A command at work',
    about:
      'The command in the foreground uses the processor, prints, or moves data, as a build, a download or an agent does. An editor, a pager or a sleep that is left alone does not. On macOS and for containers elsewhere, processor and printing alone; not on Windows.',
  },
  { value: 'output', label: 'Any output', about: 'Anything printed, by programs in the background too.' },
  {
    value: 'foreground',
    label: 'A running command',
    about: 'A command runs, whether it does anything or not: a forgotten pager keeps its session open.',
  },
  { value: 'cpu', label: 'Processor use', about: 'Anything in the session uses the processor, in the background too.' },
];

const OLDEST_FIRST = 'The oldest go first, with their recordings.';

/** The settings page, from top to bottom. */
export const SECTIONS: readonly SettingSection[] = [
  {
    id: 'limits',
    title: 'Time limits',
    rows: [
      {
        path: 'limits.local.idleTimeoutSeconds',
        name: 'Idle timeout',
        description: 'Closes a local shell after this long without activity.',
        control: { kind: 'duration' },
        variable: 'SESSION_TIMEOUT_SECS',
      },
      {
        path: 'limits.local.maxDurationSeconds',
        name: 'Maximum duration',
        description: 'Closes a local shell after this long in all, busy or not. Time asleep counts.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.sandboxed.idleTimeoutSeconds',
        name: 'Idle timeout in a sandbox',
        description: 'The same for sandboxes and containers.',
        control: { kind: 'duration' },
        variable: 'SESSION_TIMEOUT_SECS',
      },
      {
        path: 'limits.sandboxed.maxDurationSeconds',
        name: 'Maximum duration in a sandbox',
        description: 'The same for sandboxes and containers.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.activity',
        name: 'What counts as activity',
        description: 'Each of these puts the idle timeout back to its start.',
        control: {
          kind: 'several',
          options: ACTIVITY_OPTIONS,
        },
      },
      {
        path: 'limits.warnBeforeSeconds',
        name: 'Warnings',
        description: 'How long before a limit to warn, separated by commas. Empty: no warnings.',
        control: { kind: 'durations' },
      },
      {
        path: 'limits.extensions.count',
        name: 'Extensions',
        description: 'How often a session may be extended. Each extension is logged.',
        control: { kind: 'number', unit: 'per session' },
      },
      {
        path: 'limits.extensions.seconds',
        name: 'Length of an extension',
        description: 'Added to both limits each time.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.closeGraceSeconds',
        name: 'Close grace period',
        description: 'Time for programs to finish when their session is closed, before they are killed.',
        control: { kind: 'number', unit: 'seconds' },
      },
      {
        path: 'limits.maxCommands',
        name: 'Maximum commands',
        description: 'Closes a session as soon as the last command that it may run is done. 0: no such limit.',
        control: { kind: 'number', unit: 'per session', zero: 'no limit' },
      },
      {
        path: 'limits.onExpiry',
        name: 'When time is up',
        description: 'What becomes of a session when one of its limits is reached.',
        control: { kind: 'choice', options: EXPIRY_OPTIONS },
      },
      {
        path: 'limits.thawWindowSeconds',
        name: 'Thaw window',
        description:
          'How long a session that was frozen when its time was up waits before it closes. It matters for Freeze only.',
        control: { kind: 'duration' },
      },
    ],
  },
  {
    id: 'sessions',
    title: 'Sessions',
    rows: [
      {
        path: 'sessions.maxConcurrentSessions',
        name: 'Sessions at the same time',
        description: 'Opening one more is refused.',
        control: { kind: 'number', unit: 'sessions' },
        variable: 'SESSION_MAX_CONCURRENT',
      },
      {
        path: 'sessions.cleanupIntervalSeconds',
        name: 'Cleanup sweep',
        description: 'How often to look for sessions whose timer was missed.',
        control: { kind: 'duration' },
        variable: 'SESSION_CLEANUP_INTERVAL',
      },
    ],
  },
  {
    id: 'history',
    title: 'History',
    rows: [
      {
        path: 'history.keepDays',
        name: 'Days kept',
        description: `Ended sessions are forgotten after as many days. ${OLDEST_FIRST} 0: they are kept for ever.`,
        control: { kind: 'number', unit: 'days', zero: 'for ever' },
      },
      {
        path: 'history.keepSessions',
        name: 'Sessions kept',
        description: `As many ended sessions are remembered. ${OLDEST_FIRST} 0: all of them.`,
        control: { kind: 'number', unit: 'sessions', zero: 'all' },
      },
      {
        path: 'history.keepMegabytes',
        name: 'Megabytes kept',
        description: `The space on the disk for recordings and the journal together. ${OLDEST_FIRST} 0: no bound.`,
        control: { kind: 'number', unit: 'MB', zero: 'no bound' },
      },
    ],
  },
  {
    id: 'terminal',
    title: 'Terminal',
    rows: [
      {
        path: 'terminal.fontSize',
        name: 'Font size',
        description: 'Of the text in terminals.',
        control: { kind: 'number', unit: 'pixels' },
      },
      {
        path: 'terminal.scrollbackLines',
        name: 'Scrollback',
        description: 'Lines kept above the screen. Recordings keep everything.',
        control: { kind: 'number', unit: 'lines' },
      },
      {
        path: 'terminal.renderer',
        name: 'Drawing',
        description: 'Automatic uses the GPU where there is one.',
        control: {
          kind: 'choice',
          options: [
            { value: 'auto', label: 'Automatic' },
            { value: 'webgl', label: 'GPU' },
            { value: 'dom', label: 'Page' },
          ],
        },
      },
      {
        path: 'terminal.cursorBlink',
        name: 'Blinking cursor',
        description: 'Costs some speed where the GPU is not used.',
        control: { kind: 'switch' },
      },
      {
        path: 'terminal.loginShell',
        name: 'Login shell',
        description:
          'Whether new local and sandboxed shells read the start-up files of a login, such as ~/.zprofile. Automatic: on macOS only. It has no effect on Windows and in containers.',
        control: { kind: 'choice', options: LOGIN_SHELL_OPTIONS },
      },
      {
        path: 'terminal.minimumContrastRatio',
        name: 'Minimum contrast',
        description:
          'Text with less contrast is drawn lighter or darker. 1 shows colours as programs send them, 4.5 is legible for most people, 21 is black or white. Unless you change it, it is 4.5 while the system asks for high contrast.',
        control: { kind: 'number', unit: 'to 1', decimals: true },
      },
      {
        path: 'terminal.digitsSelectTabs',
        name: 'Digits select tabs',
        description:
          'Alt+1 to Alt+9 (Cmd on macOS) select a tab when there are several. Off: they always go to the program.',
        control: { kind: 'switch' },
      },
      {
        path: 'terminal.screenReader',
        name: 'Screen reader',
        description: 'Offers output to screen readers, line by line, and reads new output aloud.',
        control: {
          kind: 'choice',
          options: [
            { value: 'automatic', label: 'Automatic' },
            { value: 'on', label: 'On' },
            { value: 'off', label: 'Off' },
          ],
        },
      },
    ],
  },
  {
    id: 'appearance',
    title: 'Appearance',
    rows: [
      {
        path: 'appearance.theme',
        name: 'Theme',
        description: 'Of the whole window, terminals included.',
        control: {
          kind: 'choice',
          options: [
            { value: 'system', label: 'System' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ],
        },
      },
    ],
  },
];

/** The row of one setting. */
export function settingRow(path: SettingPath): SettingRow {
  const row = SECTIONS.flatMap(({ rows }) => rows).find((candidate) => candidate.path === path);
  if (row === undefined) throw new Error(`The settings page has no row for ${path}.`);
  return row;
}

/** The sections with the rows that have every word of `query` in their name, description, address or options. */
export function searchSections(query: string): readonly SettingSection[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return SECTIONS.map((section) => ({
    ...section,
    rows: section.rows.filter((row) => {
      const { control } = row;
      const options = 'options' in control ? control.options.map(({ label, about = '' }) => `${label} ${about}`) : [];
      const text = [section.title, row.name, row.description, row.path, ...options].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    }),
  })).filter((section) => section.rows.length > 0);
}
