import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, type SettingsView, settingsViewSchema } from '../../shared/settings.ts';
import { fakeSettings } from '../testing/scenes.ts';
import { terminalPreferences } from './reading.ts';

function view(change: Partial<SettingsView['effective']['terminal']>, isSet = false): SettingsView {
  const settings = fakeSettings();
  return settingsViewSchema.parse({
    ...settings,
    effective: { ...settings.effective, terminal: { ...DEFAULT_SETTINGS.terminal, ...change } },
    origins: { ...settings.origins, 'terminal.minimumContrastRatio': isSet ? 'settings' : 'default' },
  });
}

const plain = { highContrast: false, screenReader: null };

describe('minimum contrast', () => {
  test('is 1 by default, and 4.5 in high contrast', () => {
    expect(terminalPreferences(view({}), plain).minimumContrastRatio).toBe(1);
    expect(terminalPreferences(view({}), { ...plain, highContrast: true }).minimumContrastRatio).toBe(4.5);
  });

  test('that was set wins over the system', () => {
    for (const minimumContrastRatio of [1, 7]) {
      const preferences = terminalPreferences(view({ minimumContrastRatio }, true), { ...plain, highContrast: true });
      expect(preferences.minimumContrastRatio).toBe(minimumContrastRatio);
    }
  });
});

test.each([
  ['automatic', null, false],
  ['automatic', false, false],
  ['automatic', true, true],
  ['on', false, true],
  ['on', null, true],
  ['off', true, false],
] as const)('screen reader mode %s, where the system says %s, is %s', (screenReader, running, expected) => {
  expect(terminalPreferences(view({ screenReader }), { ...plain, screenReader: running }).screenReader).toBe(expected);
});
