import { createHash, type Hash } from 'node:crypto';
import type { Batch } from './batch.ts';
import { EventEncoder } from './encoder.ts';

/** The end of a recording: a last line for what was not complete (often nothing), and the SHA-256 of all lines. */
export interface EncodedEnd {
  readonly rest: Uint8Array<ArrayBuffer>;
  /** Lowercase hex. */
  readonly sha256: string;
}

/** Encodes one recording, batch after batch, and hashes what it gives; that starts with the header. */
export class RecordingEncoder {
  readonly #events: EventEncoder;
  readonly #hash: Hash = createHash('sha256');

  /** @param lastMs the time of the last event, where the recording goes on, in whole milliseconds */
  constructor(header: Uint8Array, lastMs = 0) {
    this.#events = new EventEncoder(lastMs);
    this.#hash.update(header);
  }

  /** What stands in the file already after the header, piece by piece; before anything is encoded. */
  known(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** The lines of a batch; none when it is only the start of a character. */
  encode({ events, bytes }: Batch): Uint8Array<ArrayBuffer> {
    const lines: string[] = [];
    let position = 0;
    for (const event of events) {
      const start = position;
      if (event.kind === 'output') position += event.length;
      lines.push(...this.#events.encode(event, bytes.subarray(start, position)));
    }
    return this.#bytesOf(lines);
  }

  /** Ends the recording; nothing is encoded after it. */
  finish(atMs: number): EncodedEnd {
    const rest = this.#bytesOf(this.#events.finish(atMs));
    return { rest, sha256: this.#hash.digest('hex') };
  }

  #bytesOf(lines: readonly string[]): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(lines.reduce((sum, line) => sum + line.length, 0));
    let position = 0;
    for (const line of lines) position += bytes.write(line, position, 'latin1');
    this.#hash.update(bytes);
    return bytes;
  }
}
