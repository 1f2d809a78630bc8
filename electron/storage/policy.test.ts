import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUILT_IN_POLICY, policyAfter, policyFiles, policyProblem, readPolicy } from './policy.ts';
import type { PolicyState } from './settings-store.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

function policyFile(content: unknown): string {
  const file = join(temporaryFolder(), 'policy.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const NONE = '/nonexistent/sandglass/policy.json';

test('without a policy file the shortest timeout is a minute and nothing is capped', () => {
  expect(readPolicy(NONE, {})).toEqual({ ok: true, policy: { minimumTimeoutSeconds: 60 }, file: null });
});

test('the file that the environment names counts where the administrator left none', () => {
  const file = policyFile({ minimumTimeoutSeconds: 1 });
  expect(readPolicy(NONE, { SANDGLASS_POLICY_FILE: file })).toEqual({
    ok: true,
    policy: { minimumTimeoutSeconds: 1 },
    file,
    isOwn: true,
  });
});

test('the environment cannot replace the policy of the administrator', () => {
  const system = policyFile({ maxIdleTimeoutSeconds: 900 });
  const own = policyFile({ minimumTimeoutSeconds: 1 });
  expect(readPolicy(system, { SANDGLASS_POLICY_FILE: own })).toMatchObject({
    policy: { ...BUILT_IN_POLICY, maxIdleTimeoutSeconds: 900 },
    file: system,
  });
  const broken = policyFile('{');
  expect(readPolicy(broken, { SANDGLASS_POLICY_FILE: own })).toMatchObject({ ok: false, file: broken });
});

test.each([
  ['no JSON', '{ "maxExtensions": ', 'JSON'],
  ['a field of the wrong type', { maxExtensions: 'two' }, 'maxExtensions'],
  ['a field that is not known', { maxIdleSeconds: 3 }, 'maxIdleSeconds'],
  ['a value out of range', { minimumTimeoutSeconds: 0 }, 'minimumTimeoutSeconds'],
  ['an empty list of activity', { allowedActivity: [] }, 'allowedActivity'],
  ['a kind of session that there is not', { allowedBackends: ['ssh'] }, 'allowedBackends'],
  ['a longest timeout below the shortest', { maxIdleTimeoutSeconds: 30 }, 'maxIdleTimeoutSeconds (30 seconds)'],
  ['something far too long', ' '.repeat(100_000), '100000 bytes'],
])('%s is refused, naming the file and what is wrong', (_what, content, named) => {
  const file = policyFile(content);
  const state = readPolicy(file, {});
  expect(state).toMatchObject({ ok: false, file });
  expect(policyProblem(state)).toMatchObject({ severity: 'error', message: expect.stringContaining(named) });
  expect(policyProblem(state)?.message).toContain(file);
});

test('a policy that is named but missing, or not named by its whole path, stops everything too', () => {
  expect(readPolicy(NONE, { SANDGLASS_POLICY_FILE: '/nonexistent/own.json' }).ok).toBe(false);
  expect(readPolicy(NONE, { SANDGLASS_POLICY_FILE: 'policy.json' }).ok).toBe(false);
});

test('a policy that the system does not let us read stops everything', () => {
  const state = readPolicy('/etc/sandglass/policy.json', {}, () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  });
  expect(state).toMatchObject({ ok: false, message: expect.stringContaining('permission denied') });
});

test('a policy that is fine is no problem', () => {
  expect(policyProblem(readPolicy(NONE, {}))).toBeNull();
});

test('the files to watch are the administrator’s and the one that the environment names', () => {
  expect(policyFiles(NONE, {})).toEqual([NONE]);
  expect(policyFiles(NONE, { SANDGLASS_POLICY_FILE: 'policy.json' })).toEqual([NONE]);
  expect(policyFiles(NONE, { SANDGLASS_POLICY_FILE: '/own.json' })).toEqual([NONE, '/own.json']);
});

describe('a policy that is read again while the app runs', () => {
  const own = (seconds: number): PolicyState => ({
    ok: true,
    policy: { minimumTimeoutSeconds: seconds },
    file: '/own.json',
    isOwn: true,
  });
  const admins = (seconds: number): PolicyState => ({
    ok: true,
    policy: { minimumTimeoutSeconds: seconds },
    file: '/etc/policy.json',
  });
  const builtIn: PolicyState = { ok: true, policy: BUILT_IN_POLICY, file: null };
  const broken = (file: string): PolicyState => ({ ok: false, file, why: 'it is broken', message: 'No session.' });

  test.each<[string, PolicyState, PolicyState]>([
    ['a changed policy', admins(60), admins(30)],
    ['a policy of your own', builtIn, own(1)],
    ['the removal of a broken policy', broken('/own.json'), own(1)],
    ['an administrator’s policy in the place of your own', own(1), admins(60)],
    ['a policy that is corrected', broken('/etc/policy.json'), admins(60)],
  ])('%s is in force', (_what, last, read) => {
    expect(policyAfter(last, read)).toEqual({ state: read, problem: null });
  });

  test.each<[string, PolicyState, PolicyState]>([
    ['an administrator’s file that breaks', admins(60), broken('/etc/policy.json')],
    ['a file of your own that breaks', own(60), broken('/own.json')],
  ])('%s leaves what it said in force, and that is said', (_what, last, read) => {
    const { state, problem } = policyAfter(last, read);
    expect(state).toBe(last);
    expect(problem).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('it is broken. The policy that'),
    });
  });

  test.each<[string, PolicyState]>([
    ['by nothing', builtIn],
    ['by a file of your own', own(1)],
    ['by a broken file of your own', broken('/own.json')],
  ])('an administrator’s file that is replaced %s leaves what it said in force', (_what, read) => {
    const { state, problem } = policyAfter(admins(60), read);
    expect(state).toEqual(admins(60));
    expect(problem?.message).toContain('/etc/policy.json is no longer there');
  });

  test.each<[string, PolicyState]>([
    ['no policy', builtIn],
    ['your own policy', own(1)],
  ])('an administrator’s file that cannot be used in the place of %s lets no session start', (_what, last) => {
    const read = broken('/etc/policy.json');
    expect(policyAfter(last, read)).toEqual({ state: read, problem: policyProblem(read) });
  });
});
