import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT_IN_POLICY, policyProblem, readPolicy } from './policy.ts';
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
