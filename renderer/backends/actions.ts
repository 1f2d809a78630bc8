import type { BackendStatus } from '../../shared/backends.ts';
import { call, report } from '../connection/core.ts';
import { getApp, setApp } from '../store/store.ts';
import { showProblem } from '../toasts/toasts.ts';
import { engineNotice, settled } from './engine-notices.ts';

/** The backends as they were last known for certain. */
let settledBackends: readonly BackendStatus[] = [];

/** Takes in which backends are available, and shows when the container engine went away or came back. */
export function takeBackends(backends: readonly BackendStatus[]): void {
  setApp({ backends });
  const before = settledBackends;
  settledBackends = settled(before, backends);
  const notice = engineNotice(before, { ...getApp(), backends: settledBackends });
  if (notice !== null) showProblem(notice);
}

/** Checks again which backends are available, after something was installed or switched on. */
export async function checkBackends(): Promise<void> {
  try {
    setApp({ backends: await call('backends.check', {}) });
  } catch (error) {
    report(error);
  }
}
