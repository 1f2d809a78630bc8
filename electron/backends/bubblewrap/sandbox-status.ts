import type { BackendStatus } from '../../../shared/backends.ts';
import type { StartFailure } from '../../../shared/session.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { probeSandboxes, type Sandboxes, type SandboxesProbe } from './sandboxes.ts';

/** Whether sandboxes are available on this machine, and what they are made with. It is unknown before the first `check`. */
export class SandboxStatus {
  readonly #probe: Omit<SandboxesProbe, 'known'>;
  readonly #log: Logger;
  readonly #changed: Emitter<void>;
  #status: BackendStatus = { kind: 'bubblewrap', state: 'checking' };
  #sandboxes: Sandboxes | null = null;
  #checking: Promise<void> | null = null;

  constructor(probe: Omit<SandboxesProbe, 'known'>, log: Logger) {
    this.#probe = probe;
    this.#log = log;
    this.#changed = new Emitter<void>((error) => log.error({ err: error }, 'A listener threw'));
  }

  get status(): BackendStatus {
    return this.#status;
  }

  /** What sandboxes are made with; null where there are none, or before the first check. */
  get current(): Sandboxes | null {
    return this.#sandboxes;
  }

  /** What sandboxes are made with, after the first check; or why there are none. */
  async available(): Promise<
    { readonly ok: true; readonly sandboxes: Sandboxes } | { readonly ok: false; readonly failure: StartFailure }
  > {
    if (this.#status.state === 'checking') await this.check();
    if (this.#sandboxes !== null) return { ok: true, sandboxes: this.#sandboxes };
    const { message, hint } = this.#status.state === 'unavailable' ? this.#status : UNKNOWN;
    return { ok: false, failure: { stage: 'sandbox', message, hint } };
  }

  onChange(listener: () => void): () => void {
    return this.#changed.on(listener);
  }

  /** Checks, or joins the check that is under way. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #check(): Promise<void> {
    const result = await probeSandboxes({ ...this.#probe, known: this.#sandboxes });
    this.#sandboxes = result.ok ? result.sandboxes : null;
    this.#status = result.ok
      ? { kind: 'bubblewrap', state: 'available', message: result.message, found: [...result.found] }
      : { kind: 'bubblewrap', state: 'unavailable', message: result.message, hint: result.hint };
    this.#log.info({ status: this.#status }, 'Checked whether sandboxes are available');
    this.#changed.emit();
  }
}

const UNKNOWN = {
  message: 'Whether sandboxes are available on this machine is not known.',
  hint: 'Check again in the settings.',
};
