import type { BackendStatus } from '../../shared/backends.ts';
import { allowsKind, kindsRule } from '../../shared/policy-objection.ts';
import type { BackendKind } from '../../shared/profile.ts';
import type { Policy } from '../../shared/settings.ts';

/** What a backend is called in the middle of a sentence. */
export const BACKEND_NAMES: Readonly<Record<BackendKind, string>> = {
  pty: 'local shell',
  bubblewrap: 'sandbox',
  docker: 'container',
};

/** The state of a backend in words, and more of it where there is more. */
export function describeStatus(status: BackendStatus): { text: string; detail: string } {
  switch (status.state) {
    case 'checking':
      return { text: status.kind === 'docker' ? 'Looking for a container engine…' : 'Looking…', detail: '' };
    case 'available': {
      const [text = '', ...rest] = status.message.split(' at ');
      return { text, detail: rest.length === 0 ? '' : `at ${rest.join(' at ')}` };
    }
    case 'unavailable':
      return { text: status.message, detail: status.hint };
  }
}

/** Whether a session of a kind can be opened now. An unknown state counts as yes: its start will show. */
export type Availability =
  | { state: 'available' }
  | { state: 'checking' }
  | { state: 'unavailable'; message: string; hint: string };

/** Whether sessions of one backend are available, as the core last reported, and the policy allows them. */
export function availability(
  backends: readonly BackendStatus[],
  kind: BackendKind,
  policy: Pick<Policy, 'allowedBackends'> = {},
): Availability {
  if (!allowsKind(policy, kind)) {
    const hint = `The policy allows ${kindsRule(policy.allowedBackends ?? [])}. Ask the person who manages it.`;
    return { state: 'unavailable', message: 'Not allowed by the policy', hint };
  }
  const status = backends.find((backend) => backend.kind === kind);
  if (status === undefined || status.state === 'available') return { state: 'available' };
  if (status.state === 'checking') return { state: 'checking' };
  return { state: 'unavailable', message: status.message, hint: status.hint };
}
