import type { BackendProcess } from '../backends/backend.ts';
import { type Holder, ProgramHold } from './program-hold.ts';

/** Input that waits for a shell that is still starting, in bytes. */
const MAX_TYPED_AHEAD = 65_536;

/** What runs in a session, through its life: what is meant for it before it is there waits for it. */
export class SessionProgram {
  #process: BackendProcess | null = null;
  readonly #hold = new ProgramHold();
  readonly #typedAhead: Uint8Array[] = [];
  #typedAheadBytes = 0;

  /** Null until it is there. */
  get process(): BackendProcess | null {
    return this.#process;
  }

  /** It is there: it gets what came for it meanwhile. */
  attach(process: BackendProcess, cols: number, rows: number): void {
    this.#process = process;
    this.#hold.attach(process);
    process.resize(cols, rows);
    for (const bytes of this.#typedAhead.splice(0)) process.write(bytes);
  }

  /** Input for it. False: refused, because more than a bounded amount waits already. */
  write(bytes: Uint8Array): boolean {
    if (this.#process !== null) return this.#process.write(bytes);
    this.#typedAheadBytes += bytes.byteLength;
    if (this.#typedAheadBytes > MAX_TYPED_AHEAD) return false;
    this.#typedAhead.push(bytes.slice());
    return true;
  }

  /** Holds its output back while anyone needs that. */
  hold(who: Holder): void {
    this.#hold.hold(who);
  }

  release(who: Holder): void {
    this.#hold.release(who);
  }
}
