/** `pino-roll` 4 ships no types; these are the parts that are used (its README, and that of `sonic-boom`). */
declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  export interface RollOptions {
    /** Base name of the files; a number and the extension are added to it. */
    file: string;
    extension?: string;
    /** Size after which the next file begins, e.g. `5m`. */
    size?: string | number;
    /** Files kept besides the one written to; those that an earlier run left too, with `removeOtherLogFiles`. */
    limit?: { count: number; removeOtherLogFiles?: boolean };
    mode?: number;
    /** Bytes that may wait; a line on top of that is dropped, with a `drop` event. */
    maxLength?: number;
  }

  /** Emits `ready`, `error`, `drop`, `close`. */
  export interface RollStream extends EventEmitter {
    write(line: string): boolean;
    /** Throws when the file is not open. */
    flushSync(): void;
    /** Writes what waits, then closes. */
    end(): void;
    /** Closes without writing what waits. */
    destroy(): void;
  }

  export default function roll(options: RollOptions): Promise<RollStream>;
}
