import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS } from '../../shared/settings.ts';
import { ENVIRONMENT_OVERRIDES } from './environment.ts';
import { SETTING_WORDS, valueAt } from './setting-values.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');
const example = readFileSync(join(root, '.env.example'), 'utf8');

test.each(SETTING_PATHS)('the page on settings has %s with its name and its default', (path) => {
  const row = page.split('\n').find((line) => line.includes(`\`${path}\``)) ?? '';
  expect(row).toContain(`| ${SETTING_WORDS[path].label} |`);
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

test('the policies on the page are valid', () => {
  const policies = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text = '']): unknown => JSON.parse(text));
  const [, ...own] = policies;
  expect(own).toHaveLength(2);
  for (const policy of own) expect(policySchema.safeParse(policy).error).toBeUndefined();
});
