import type { BackendKind } from '../../../shared/profile.ts';
import type { SessionRig } from './session-rig.ts';

/** What every part of the suite works with. */
export interface SuiteContext {
  readonly kind: BackendKind;
  /** The sessions of this kind; there is one for all tests of a file. */
  readonly rig: () => SessionRig;
}
