import { call, report } from '../connection/core.ts';
import { setApp } from '../store/store.ts';

/** Looks again at what can be had: after something was installed or switched on. */
export async function checkBackends(): Promise<void> {
  try {
    setApp({ backends: await call('backends.check', {}) });
  } catch (error) {
    report(error);
  }
}
