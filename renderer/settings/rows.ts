import { SETTING_LABELS } from '../../shared/labels.ts';
import type { ActivityKind, OnExpiry } from '../../shared/limits.ts';
import type { LoginShell } from '../../shared/profile.ts';
import type { SettingPath } from '../../shared/settings.ts';

/** One of the values that a setting can have. */
export interface Option {
  value: string;
  label: string;
  /** What it does, if the label does not say. */
  about?: string;
}

/** How a setting is edited. */
export type Control =
  | { kind: 'duration' }
  | { kind: 'durations' }
  /** `zero`: what 0 means if it is not an amount. `decimals`: the number need not be whole. */
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

/** Whether shells are login shells; shown by every form that asks. */
export const LOGIN_SHELL_OPTIONS: readonly (Option & { value: LoginShell })[] = [
  { value: 'automatic', label: 'Automatic' },
  { value: 'yes', label: 'Yes' },
  { value: 'no', label: 'No' },
];

/** What can happen to a session when its time is up; shown by every form that asks. */
export const EXPIRY_OPTIONS: readonly (Option & { value: OnExpiry; about: string })[] = [
  { value: 'close', label: 'Close', about: 'The session ends. Its output stays readable.' },
  {
    value: 'reset',
    label: 'Close; any key starts a new session',
    about: 'The session ends. The next key press in its tab starts a new session with the same profile.',
  },
  {
    value: 'freeze',
    label: 'Freeze',
    about:
      'Everything in the session is paused until you thaw it. It closes if you do not thaw it within the thaw window, and always when it reaches its maximum number of commands.',
  },
];

/** What may count as activity; shown by every form that asks. */
export const ACTIVITY_OPTIONS: readonly (Option & { value: ActivityKind; about: string })[] = [
  {
    value: 'input',
    label: 'Typing and pasting',
    about: 'What you do in the session: key presses, pasting and mouse clicks.',
  },
  {
    value: 'busy',
    label: 'Busy command',
    about:
      'The foreground command uses the processor, prints output or moves data, as a build, a download or an agent does. An idle editor, pager or sleep does not count. On macOS, and for containers on another machine, only processor use and output count. Not available on Windows.',
  },
  { value: 'output', label: 'Any output', about: 'Anything printed, including by background programs.' },
  {
    value: 'foreground',
    label: 'Running command',
    about: 'Any command is running, even one that does nothing: a forgotten pager keeps its session open.',
  },
  {
    value: 'cpu',
    label: 'Processor use',
    about: 'Anything in the session uses the processor, including background programs.',
  },
];

const OLDEST_FIRST = 'The oldest are removed first, together with their recordings.';

/** The settings page, from top to bottom; the rows are named in {@link SETTING_LABELS}. */
const DEFINITIONS: readonly (Omit<SettingSection, 'rows'> & { rows: readonly Omit<SettingRow, 'name'>[] })[] = [
  {
    id: 'limits',
    title: 'Time limits',
    rows: [
      {
        path: 'limits.local.idleTimeoutSeconds',
        description: 'Closes a local shell after this much time without activity.',
        control: { kind: 'duration' },
        variable: 'SESSION_TIMEOUT_SECS',
      },
      {
        path: 'limits.local.maxDurationSeconds',
        description:
          'Closes a local shell after this much time in total, busy or not. Time the computer is asleep counts.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.sandboxed.idleTimeoutSeconds',
        description: 'The same for sandboxes and containers.',
        control: { kind: 'duration' },
        variable: 'SESSION_TIMEOUT_SECS',
      },
      {
        path: 'limits.sandboxed.maxDurationSeconds',
        description: 'The same for sandboxes and containers.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.activity',
        description: 'Any of these resets the idle timeout.',
        control: {
          kind: 'several',
          options: ACTIVITY_OPTIONS,
        },
      },
      {
        path: 'limits.warnBeforeSeconds',
        description:
          'How long before a limit to show a warning. Separate times with commas; leave empty for no warnings.',
        control: { kind: 'durations' },
      },
      {
        path: 'limits.extensions.count',
        description: 'How many times a session can be extended. Every extension is logged.',
        control: { kind: 'number', unit: 'per session' },
      },
      {
        path: 'limits.extensions.seconds',
        description: 'How much time each extension adds to both limits.',
        control: { kind: 'duration' },
      },
      {
        path: 'limits.closeGraceSeconds',
        description: 'How long programs have to exit when their session is closed, before they are killed.',
        control: { kind: 'number', unit: 'seconds' },
      },
      {
        path: 'limits.maxCommands',
        description: 'Closes a session as soon as its last allowed command has finished. 0 means no limit.',
        control: { kind: 'number', unit: 'per session', zero: 'no limit' },
      },
      {
        path: 'limits.onExpiry',
        description: 'What happens to a session when it reaches one of its limits.',
        control: { kind: 'choice', options: EXPIRY_OPTIONS },
      },
      {
        path: 'limits.thawWindowSeconds',
        description:
          'How long a session that was frozen because its time was up waits to be thawed before it closes. Applies to Freeze only.',
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
        description: 'Opening a further session is refused.',
        control: { kind: 'number', unit: 'sessions' },
        variable: 'SESSION_MAX_CONCURRENT',
      },
      {
        path: 'sessions.cleanupIntervalSeconds',
        description: 'How often to check for sessions whose timer was missed.',
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
        description: `How many days ended sessions are kept. ${OLDEST_FIRST} 0 keeps them forever.`,
        control: { kind: 'number', unit: 'days', zero: 'forever' },
      },
      {
        path: 'history.keepSessions',
        description: `How many ended sessions are kept. ${OLDEST_FIRST} 0 keeps all of them.`,
        control: { kind: 'number', unit: 'sessions', zero: 'all' },
      },
      {
        path: 'history.keepMegabytes',
        description: `How much disk space recordings and the journal may use together. ${OLDEST_FIRST} 0 means no limit.`,
        control: { kind: 'number', unit: 'MB', zero: 'no limit' },
      },
    ],
  },
  {
    id: 'terminal',
    title: 'Terminal',
    rows: [
      {
        path: 'terminal.fontSize',
        description: 'The size of text in terminals.',
        control: { kind: 'number', unit: 'pixels' },
      },
      {
        path: 'terminal.scrollbackLines',
        description: 'How many lines can be scrolled back to. Recordings keep everything.',
        control: { kind: 'number', unit: 'lines' },
      },
      {
        path: 'terminal.renderer',
        description: 'How terminals are drawn. Automatic uses the GPU if there is one.',
        control: {
          kind: 'choice',
          options: [
            { value: 'auto', label: 'Automatic' },
            { value: 'webgl', label: 'GPU' },
            { value: 'dom', label: 'DOM' },
          ],
        },
      },
      {
        path: 'terminal.cursorBlink',
        description: 'Makes the cursor blink. Slower without a GPU.',
        control: { kind: 'switch' },
      },
      {
        path: 'terminal.loginShell',
        description:
          'Whether new local and sandboxed shells read login files such as ~/.zprofile. Automatic does so on macOS only. Has no effect on Windows or in containers.',
        control: { kind: 'choice', options: LOGIN_SHELL_OPTIONS },
      },
      {
        path: 'terminal.minimumContrastRatio',
        description:
          'Text with less contrast is drawn lighter or darker. 1 shows colours as programs send them, 4.5 is legible for most people, and 21 is black or white. Unless you change it, 4.5 is used while the system asks for high contrast.',
        control: { kind: 'number', unit: 'to 1', decimals: true },
      },
      {
        path: 'terminal.digitsSelectTabs',
        description:
          'Alt+1 to Alt+9 (Cmd on macOS) select a tab if there are several. When off, these keys always go to the program.',
        control: { kind: 'switch' },
      },
      {
        path: 'terminal.screenReader',
        description: 'Makes output available to screen readers line by line, and announces new output.',
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
        description: 'The colours of the whole window, terminals included.',
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

/** The settings page, from top to bottom. */
export const SECTIONS: readonly SettingSection[] = DEFINITIONS.map((section) => ({
  ...section,
  rows: section.rows.map((row) => ({ ...row, name: SETTING_LABELS[row.path] })),
}));

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
