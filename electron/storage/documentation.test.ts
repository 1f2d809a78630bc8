import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROFILE_LABELS, SETTING_LABELS } from '../../shared/labels.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS } from '../../shared/settings.ts';
import { ENVIRONMENT_OVERRIDES } from './environment.ts';
import { isRecord, valueAt } from './setting-values.ts';
import { loadSettings } from './stored-settings.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');
const example = readFileSync(join(root, '.env.example'), 'utf8');

test.each(SETTING_PATHS)('the page on settings has %s with its name and its default', (path) => {
  const row = page.split('\n').find((line) => line.includes(`\`${path}\``)) ?? '';
  expect(row).toContain(`| ${SETTING_LABELS[path]} |`);
  const value = valueAt(DEFAULT_SETTINGS, path);
  const shown = Array.isArray(value) ? JSON.stringify(value).replaceAll(',', ', ') : String(value);
  expect(row.split('|')[3]).toContain(shown);
});

test.each(Object.keys(policySchema.shape))('the page on settings has the policy’s %s', (field) => {
  expect(page).toContain(`| \`${field}\` |`);
});

test.each([
  ...Object.keys(ENVIRONMENT_OVERRIDES),
  'SANDGLASS_HOME',
  'SANDGLASS_POLICY_FILE',
  'SANDGLASS_LOG_LEVEL',
  'SANDGLASS_PORT',
])('the page on settings and the example of an environment have %s', (name) => {
  expect(page).toContain(`| \`${name}\` |`);
  expect(example).toContain(`#${name}=`);
});

test('the page on settings has every field of a profile with its name', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  const limits = new Set(['backend', 'activity', 'warnBeforeSeconds', 'extensions', 'closeGraceSeconds']);
  for (const [field, label] of Object.entries(PROFILE_LABELS)) {
    if (limits.has(field)) continue;
    expect(
      rows.filter((row) => row.includes(label) && row.includes(field)),
      field,
    ).not.toEqual([]);
  }
});

test('the examples on the page are valid', () => {
  const examples = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text = '']): unknown => JSON.parse(text));
  const [settings, ...own] = examples;
  const file = {
    path: '/settings.json',
    read: () => (isRecord(settings) ? settings : {}),
    edit: () => {},
    replace: () => {},
    setAside: () => '',
  };
  expect(loadSettings(file)).toMatchObject({ problem: null, user: { profiles: [{ id: 'local' }, { id: 'node' }] } });
  expect(own).toHaveLength(2);
  for (const policy of own) expect(policySchema.safeParse(policy).error).toBeUndefined();
});
