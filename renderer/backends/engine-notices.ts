import type { BackendStatus } from '../../shared/backends.ts';
import type { Problem } from '../../shared/settings.ts';
import type { AppState } from '../store/state.ts';

/** The toast about the container engine; the same id, so that its return replaces its loss. */
const ENGINE_TOAST = 'container-engine';

/** The last known states: a probe that is under way does not count. */
export function settled(before: readonly BackendStatus[], after: readonly BackendStatus[]): readonly BackendStatus[] {
  return after.map((status) =>
    status.state === 'checking' ? (before.find(({ kind }) => kind === status.kind) ?? status) : status,
  );
}

/**
 * The notice when the container engine went away or came back; null if none is due. Shown only if sessions in other tabs run in
 * containers: the active tab shows its own state.
 */
export function engineNotice(
  before: readonly BackendStatus[],
  /** With what is known for certain, {@link settled}. */
  state: Pick<AppState, 'backends' | 'sessions' | 'active'>,
): Problem | null {
  const was = before.find(({ kind }) => kind === 'docker')?.state;
  const now = state.backends.find(({ kind }) => kind === 'docker');
  const hidden = Object.values(state.sessions).filter(
    ({ id, backend, end }) =>
      id !== state.active && backend === 'docker' && (end === null || end.reason === 'backend_lost'),
  ).length;
  if (now === undefined || hidden === 0) return null;
  const tabs = hidden === 1 ? 'The session in another tab' : `The sessions in ${hidden} other tabs`;
  if (was === 'available' && now.state === 'unavailable') {
    return {
      id: ENGINE_TOAST,
      severity: 'warning',
      title: now.message,
      message: `${tabs} cannot continue without it. ${now.hint}`,
    };
  }
  if (was === 'unavailable' && now.state === 'available') {
    return {
      id: ENGINE_TOAST,
      severity: 'info',
      title: 'The container engine is back',
      message: `Sessions in containers can be opened again. ${now.message}`,
    };
  }
  return null;
}
