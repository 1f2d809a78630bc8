import { create } from 'zustand';
import type { SessionId, SessionInfo } from '../../shared/session.ts';
import type { TimingSample } from '../time/countdown.ts';
import { type AppState, INITIAL_STATE } from './state.ts';

/** Everything the window shows. Changed only by `reduce.ts` and by the actions. */
export const useApp = create<AppState>()(() => INITIAL_STATE);

/** The state now, outside of a component. */
export const getApp = useApp.getState;
/** Merges a change into the state. */
export const setApp = useApp.setState;

/** The session of the active tab; null on the settings page and in an empty window. */
export function activeSession(state: AppState): SessionInfo | null {
  return state.active === null ? null : (state.sessions[state.active] ?? null);
}

export function useSession(id: SessionId): SessionInfo | undefined {
  return useApp((state) => state.sessions[id]);
}

export function useSample(id: SessionId): TimingSample | undefined {
  return useApp((state) => state.samples[id]);
}
