import type { CredentialFolders } from '../credential-folders.ts';
import type { PtyBackendOptions } from '../pty/pty.ts';
import type { MachineFacts } from './diagnosis.ts';

/** What the sandboxes' backend takes from outside. */
export interface BubblewrapBackendOptions extends PtyBackendOptions {
  /** Folders of the app's own, which no sandbox may be shown. */
  readonly forbiddenFolders?: readonly string[];
  /** What this machine says about itself. */
  readonly facts?: MachineFacts;
  readonly platform?: NodeJS.Platform;
  /** Where the sandboxes' `/etc` is made; without it, in the folder for temporary files. */
  readonly etcFolders?: CredentialFolders;
  /** Below which folder the machine's `/etc` is; `/` unless a test has another. */
  readonly etcRoot?: string;
}
