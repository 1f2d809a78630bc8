import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOOK_EVENTS } from '../../shared/hooks.ts';
import { END_REASONS } from '../../shared/session.ts';
import { HOOK_MARK } from '../environment/inherited-environment.ts';
import { cloudEvent } from './cloud-event.ts';
import { parseHookFile } from './hook-file.ts';
import { UNIX_VARIABLES } from './run/hook-environment.ts';
import { FLOOD_BYTES, KEPT_BYTES } from './run/hook-output.ts';
import { MAX_PROCESSES } from './run/run-hook.ts';
import { sampleEnd, sampleEvents, sampleFacts } from './testing/sample-events.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'hooks.md'), 'utf8');
const examples = join(root, 'examples', 'hooks');
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
  language,
  text,
}));
const row = (name: string): string => page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';

const files = readdirSync(examples, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'secret')
  .map((entry) => join(entry.parentPath, entry.name));

test.each(files)('the page on hooks has %s as it is', (file) => {
  expect(blocks.map(({ text }) => text)).toContain(readFileSync(file, 'utf8'));
});

test('the examples of hook.yaml on the page are valid', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml');
  expect(yaml).toHaveLength(3);
  for (const { text } of yaml) expect(parseHookFile(text)).toMatchObject({ ok: true });
});

test('the event on the page is what is sent', () => {
  const [json] = blocks.filter(({ language }) => language === 'json');
  const event = sampleEvents.find((each) => each.type === 'session:end' && each.end === sampleEnd);
  const sent = event === undefined ? null : cloudEvent(sampleFacts(event));
  expect(json?.text).toBe(`${JSON.stringify(JSON.parse(sent ?? ''), null, 2)}\n`);
});

test.each(HOOK_EVENTS)('the page on hooks has %s with its schema', (event) => {
  const link = /\((schemas\/v1\/[a-z.]+\.json)\)/.exec(row(event))?.[1] ?? '';
  expect(link).toContain(`/${event.replace(':', '.')}.json`);
  expect(existsSync(join(root, 'docs', link))).toBe(true);
});

test('the page on hooks has every reason', () => {
  for (const reason of END_REASONS) expect(page).toContain(`\`${reason}\``);
});

test('the page on hooks has what an executable sees, and its bounds', () => {
  for (const name of [...UNIX_VARIABLES, HOOK_MARK]) expect(page).toContain(`\`${name}\``);
  expect(page).toContain(`the first and the last ${KEPT_BYTES / 1024} KiB`);
  expect(page).toContain(`More than ${FLOOD_BYTES / 1024 / 1024} MiB of output`);
  expect(page).toContain(`${MAX_PROCESSES} processes`);
});

describe('of the settings of a hook', () => {
  const run = { events: ['session:end'], run: 'x' };
  const webhook = { url: 'https://example.org', secrets: [`whsec_${'A'.repeat(32)}`] };
  const parse = (value: object) => parseHookFile(JSON.stringify(value));
  const file = (value: object) => {
    const parsed = parse(value);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.file;
  };
  const cell = (name: string): string => row(name).split('|')[2]?.trim() ?? '';

  test('the page has every one, and no other', () => {
    const names = [...page.matchAll(/^\| `([\w.]+)` \|[^|]*\|[^|]*\|$/gm)].map(([, name]) => name);
    const value = {
      ...run,
      args: [],
      timeoutSeconds: 1,
      enabled: true,
      retry: { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 1 },
    };
    const sent = { ...webhook, headers: {}, secretFile: 'secret', secretEnv: 'SECRET' };
    // What is taken is told here, and what is not listed here is refused.
    expect(parse(value)).toMatchObject({ ok: true });
    expect(parse({ events: ['*'], webhook: sent })).toMatchObject({ ok: true });
    for (const unknown of [
      { ...value, other: 1 },
      { ...value, retry: { other: 1 } },
    ]) {
      expect(parse(unknown)).toMatchObject({ ok: false });
    }
    const all = Object.entries({ ...value, webhook: sent }).flatMap(([name, inner]) =>
      typeof inner === 'object' && !Array.isArray(inner) ? Object.keys(inner).map((each) => `${name}.${each}`) : [name],
    );
    expect(names.sort()).toEqual(all.sort());
  });

  test('the page has the defaults', () => {
    const { timeoutMs, enabled, retry, action } = file(run);
    expect(cell('timeoutSeconds')).toBe(`\`${timeoutMs / 1000}\``);
    expect(cell('enabled')).toBe(`\`${enabled}\``);
    expect(cell('retry.attempts')).toBe(`\`${retry.attempts}\``);
    expect(cell('retry.initialBackoffSeconds')).toBe(`\`${retry.initialBackoffMs / 1000}\``);
    expect(cell('retry.maxBackoffSeconds')).toBe(`\`${retry.maxBackoffMs / 1000}\``);
    expect(action).toMatchObject({ args: [] });
    expect(cell('args')).toBe('`[]`');
    const sent = file({ events: ['*'], webhook });
    expect(sent.action).toMatchObject({ headers: {}, secretFile: null, secretEnv: null });
    expect(cell('webhook.headers')).toBe('`{}`');
  });

  test.each([
    ['timeoutSeconds', (value: number) => ({ timeoutSeconds: value })],
    ['retry.attempts', (value: number) => ({ retry: { attempts: value } })],
    ['retry.initialBackoffSeconds', (value: number) => ({ retry: { initialBackoffSeconds: value } })],
    [
      'retry.maxBackoffSeconds',
      (value: number) => ({ retry: { initialBackoffSeconds: 0.1, maxBackoffSeconds: value } }),
    ],
  ])('%s takes what the page says, and no more', (name, setting) => {
    const [, min, max] = /\| ([\d.]+) to ([\d.]+) (?:seconds|attempts)/.exec(row(name)) ?? [];
    for (const bound of [Number(min), Number(max)])
      expect(parse({ ...run, ...setting(bound) }), name).toMatchObject({ ok: true });
    for (const beyond of [Number(min) - 0.05, Number(max) + 1]) {
      expect(parse({ ...run, ...setting(beyond) }), name).toMatchObject({ ok: false });
    }
  });
});
