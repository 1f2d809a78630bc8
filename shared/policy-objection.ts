import type { BackendKind } from './profile.ts';
import type { RecordingState } from './session.ts';
import type { Policy } from './settings.ts';

/** What sessions of each kind are called. */
const KINDS: Readonly<Record<BackendKind, string>> = {
  pty: 'local shells',
  bubblewrap: 'sandboxes',
  docker: 'containers',
};

/** What a policy with a list of kinds lets run, in words: “only sandboxes, containers”. */
export function kindsRule(allowed: readonly BackendKind[]): string {
  return `only ${allowed.map((kind) => KINDS[kind]).join(', ')}`;
}

/** Whether the policy lets sessions of this kind run. */
export function allowsKind({ allowedBackends }: Pick<Policy, 'allowedBackends'>, kind: BackendKind): boolean {
  return allowedBackends?.includes(kind) ?? true;
}

/** What of a new session the policy forbids, as what follows “does not allow”; null: nothing. */
export function forbiddenKind(policy: Policy, kind: BackendKind): string | null {
  return allowsKind(policy, kind) ? null : KINDS[kind];
}

/** What of a session that runs the policy forbids, as what follows “no longer allows”; null: nothing. */
export function forbiddenOf(
  policy: Policy,
  session: { readonly backend: BackendKind; readonly recording: RecordingState['state'] },
): string | null {
  if (policy.requireRecording === true && (session.recording === 'truncated' || session.recording === 'none'))
    return forbiddenKind(policy, session.backend) ?? 'sessions whose recording is incomplete';
  return forbiddenKind(policy, session.backend);
}
