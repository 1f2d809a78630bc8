import type { SettingPath } from '../../shared/settings.ts';

/** How a setting is edited. */
export type Control =
  | { kind: 'duration' }
  | { kind: 'durations' }
  | { kind: 'number'; unit: string }
  | { kind: 'switch' }
  | { kind: 'choice'; options: readonly { value: string; label: string }[] }
  | { kind: 'several'; options: readonly { value: string; label: string }[] };

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
          options: [
            { value: 'input', label: 'Typing and pasting' },
            { value: 'output', label: 'Output' },
            { value: 'foreground', label: 'A running command' },
            { value: 'cpu', label: 'Processor use' },
          ],
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

/** The sections with the rows that have every word of `query` in their name, description or address. */
export function searchSections(query: string): readonly SettingSection[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return SECTIONS.map((section) => ({
    ...section,
    rows: section.rows.filter((row) => {
      const text = `${section.title} ${row.name} ${row.description} ${row.path}`.toLowerCase();
      return words.every((word) => text.includes(word));
    }),
  })).filter((section) => section.rows.length > 0);
}
