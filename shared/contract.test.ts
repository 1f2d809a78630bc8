import { expect, test } from 'vitest';
import { METHODS, rpcMessageSchema } from './contract.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('a call and its answers pass', () => {
  for (const message of [
    { t: 'q', m: 'app.info', a: [{}], i: '1' },
    { t: 's', i: '1', r: { any: 'thing' } },
    { t: 's', i: '1', e: { code: 'internal', message: 'It broke' } },
  ]) {
    expect(rpcMessageSchema.safeParse(message).success).toBe(true);
  }
});

test.each([
  ['two arguments', { t: 'q', m: 'app.info', a: [{}, {}], i: '1' }],
  ['a very long method name', { t: 'q', m: 'a'.repeat(65), a: [] }],
  ['an error that is no error of ours', { t: 's', i: '1', e: { message: 'x', stack: 'secret' } }],
  ['an answer to nothing', { t: 's', r: 1 }],
  ['an unknown kind', { t: 'x' }],
  ['a list', []],
  ['null', null],
])('%s does not pass', (_what, message) => {
  expect(rpcMessageSchema.safeParse(message).success).toBe(false);
});

test('no method takes more than it names', () => {
  for (const [name, { input }] of Object.entries(METHODS)) {
    expect(input.safeParse({ path: '/etc/passwd', command: 'sh' }).success, name).toBe(false);
    expect(input.safeParse(null).success, name).toBe(false);
    expect(input.safeParse([]).success, name).toBe(false);
  }
});

test('a window names sessions by their id and sizes that a screen can show', () => {
  const { input } = METHODS['sessions.resize'];
  expect(input.safeParse({ id: ID, cols: 80, rows: 24 }).success).toBe(true);
  for (const wrong of [{ id: '1' }, { cols: 0 }, { cols: 1_001 }, { rows: 0.5 }, { rows: Number.NaN }]) {
    expect(input.safeParse({ id: ID, cols: 80, rows: 24, ...wrong }).success).toBe(false);
  }
});

test('a setting can only be changed by an address that there is', () => {
  const { input } = METHODS['settings.change'];
  expect(input.safeParse({ changes: [{ path: 'terminal.fontSize', value: 15 }] }).success).toBe(true);
  expect(input.safeParse({ changes: [{ path: '__proto__.polluted', value: 1 }] }).success).toBe(false);
  expect(input.safeParse({ changes: [{ path: 'profiles', value: [] }] }).success).toBe(false);
  expect(input.safeParse({ changes: [] }).success).toBe(false);
});
