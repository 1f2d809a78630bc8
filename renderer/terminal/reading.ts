import type { Preferences, SettingsView } from '../../shared/settings.ts';

/** What terminals are drawn by: the settings in force, and what the system asks for where they leave it open. */
export interface TerminalPreferences extends Omit<Preferences['terminal'], 'screenReader'> {
  /** Whether output is offered to screen readers. */
  screenReader: boolean;
}

/** What the system says about how this person reads. */
export interface Reading {
  /** The system asks for more contrast, or has forced its own colours. */
  highContrast: boolean;
  /** Whether a screen reader runs; null: this host cannot know. */
  screenReader: boolean | null;
}

/** Contrast in high contrast unless the setting was changed: WCAG 2 AA for text, https://www.w3.org/TR/WCAG22/#contrast-minimum */
const HIGH_CONTRAST_RATIO = 4.5;

/** Puts settings and system together. A setting that the user has made wins over the system. */
export function terminalPreferences(
  { effective, origins }: Pick<SettingsView, 'effective' | 'origins'>,
  { highContrast, screenReader }: Reading,
): TerminalPreferences {
  const { terminal } = effective;
  const isDefault = origins['terminal.minimumContrastRatio'] === 'default';
  return {
    ...terminal,
    minimumContrastRatio: isDefault && highContrast ? HIGH_CONTRAST_RATIO : terminal.minimumContrastRatio,
    screenReader: terminal.screenReader === 'automatic' ? screenReader === true : terminal.screenReader === 'on',
  };
}
