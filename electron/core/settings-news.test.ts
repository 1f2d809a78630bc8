import { expect, test } from 'vitest';
import type { Problem } from '../../shared/settings.ts';
import { BUILT_IN_POLICY } from '../storage/policy.ts';
import type { PolicyState, SettingsFileProblem } from '../storage/settings-store.ts';
import { followSettingsProblems } from './settings-news.ts';

function follow() {
  const told: Problem[] = [];
  let listener: () => void = () => {};
  const settings = {
    fileProblem: null as SettingsFileProblem | null,
    policy: { ok: true, policy: BUILT_IN_POLICY, file: '/p' } as PolicyState,
    policyProblem: null as Problem | null,
    onChange: (each: () => void) => {
      listener = each;
      return () => {};
    },
  };
  followSettingsProblems(settings, (problem) => told.push(problem));
  return { told, settings, changed: () => listener() };
}

const broken: Problem = { id: 'policy-unreadable', severity: 'error', title: 'Broken', message: 'It is broken.' };

test('what becomes wrong with the policy file is said once, and so is that it can be used again', () => {
  const { told, settings, changed } = follow();
  settings.policyProblem = broken;
  changed();
  changed();
  expect(told).toEqual([broken]);
  settings.policyProblem = null;
  changed();
  changed();
  expect(told.slice(1)).toMatchObject([{ severity: 'info', title: 'The policy file can be used again' }]);
});

test('a changed policy is said, and other changes of the settings are not', () => {
  const { told, settings, changed } = follow();
  changed();
  expect(told).toEqual([]);
  settings.policy = { ok: true, policy: { ...BUILT_IN_POLICY, maxExtensions: 0 }, file: '/p' };
  changed();
  expect(told).toMatchObject([{ title: 'The policy has changed', message: expect.stringContaining('/p') }]);
});

test('what becomes wrong with the settings file is said without what only the file’s note needs', () => {
  const { told, settings, changed } = follow();
  settings.fileProblem = { id: 'f', severity: 'warning', title: 'File', message: 'Line 2.', isUnused: true };
  changed();
  changed();
  expect(told).toEqual([{ id: 'f', severity: 'warning', title: 'File', message: 'Line 2.' }]);
});
