import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../shared/settings.ts';
import type { SettingsStore } from '../storage/settings-store.ts';

/**
 * Notifies a window of what becomes wrong or right with the settings file and the policy. What is wrong at its start it asks
 * for itself.
 *
 * @returns the function that ends it
 */
export function followSettingsProblems(
  settings: Pick<SettingsStore, 'fileProblem' | 'policy' | 'policyProblem' | 'onChange'>,
  notify: (problem: Problem) => void,
): () => void {
  let { fileProblem, policy, policyProblem } = settings;
  return settings.onChange(() => {
    const before = { fileProblem, policy, policyProblem };
    ({ fileProblem, policy, policyProblem } = settings);
    if (fileProblem !== null && fileProblem.message !== before.fileProblem?.message) {
      const { id, severity, title, message } = fileProblem;
      notify({ id, severity, title, message });
    }
    if (policyProblem !== null) {
      if (policyProblem.message !== before.policyProblem?.message) notify(policyProblem);
    } else if (policy.file !== null && (before.policyProblem !== null || !isDeepStrictEqual(policy, before.policy))) {
      const title = before.policyProblem === null ? 'The policy has changed' : 'The policy file can be used again';
      // It takes the place of what was wrong.
      const message = `${policy.file} now applies, also to open sessions.`;
      notify({ id: 'policy-unreadable', severity: 'info', title, message });
    }
  });
}
