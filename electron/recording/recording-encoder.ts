import { createHash, type Hash } from 'node:crypto';
import type { Batch, BatchEvent } from './batch.ts';
import { EventEncoder } from './encoder.ts';
import { Secrets } from './redaction/secrets.ts';
import { redactText, StreamRedactor } from './redaction/stream-redactor.ts';

/** The end of a recording: the last lines, of what was incomplete or held back, and the SHA-256 of all lines. */
export interface EncodedEnd {
  readonly rest: Uint8Array<ArrayBuffer>;
  /** Lowercase hex. */
  readonly sha256: string;
}

const NOTHING = new Uint8Array(0);

/**
 * Encodes one recording, batch after batch, and hashes its lines, beginning with the header. Secrets are replaced before
 * anything is encoded: no line ever holds one.
 */
export class RecordingEncoder implements Disposable {
  readonly #events: EventEncoder;
  readonly #hash: Hash = createHash('sha256');
  readonly #secrets = new Secrets();
  /** Null while the recording has no secrets: then output costs nothing more. */
  #redactor: StreamRedactor | null = null;
  #lines: string[] = [];

  /** @param lastMs the time of the last event of a recording that is continued, in whole milliseconds */
  constructor(header: Uint8Array, lastMs = 0) {
    this.#events = new EventEncoder(lastMs);
    this.#hash.update(header);
  }

  /** Hashes what the file holds already after its header, piece by piece; before anything is encoded. */
  known(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Replaces this value, too, in all that is encoded from now on. */
  addSecret(name: string, value: string): void {
    this.#secrets.add(name, value);
    this.#redactor ??= new StreamRedactor(this.#secrets, (atMs, bytes) => {
      this.#add({ kind: 'output', atMs, length: bytes.length }, bytes);
    });
  }

  /** Gives the lines of a batch. What may turn out to be the beginning of a character or of a secret comes later. */
  encode({ events, bytes }: Batch): Uint8Array<ArrayBuffer> {
    let position = 0;
    for (const event of events) {
      const start = position;
      if (event.kind === 'output') position += event.length;
      this.#take(event, bytes.subarray(start, position));
    }
    return this.#takeLines();
  }

  /** Ends the recording; nothing is encoded after it. */
  finish(atMs: number): EncodedEnd {
    this[Symbol.dispose]();
    this.#lines.push(...this.#events.finish(atMs));
    const rest = this.#takeLines();
    return { rest, sha256: this.#hash.digest('hex') };
  }

  /** Forgets the secrets. Nothing is encoded after it. */
  [Symbol.dispose](): void {
    this.#redactor?.[Symbol.dispose]();
    this.#redactor = null;
    this.#secrets.clear();
  }

  #take(event: BatchEvent, bytes: Uint8Array): void {
    const redactor = this.#redactor;
    if (redactor === null) {
      this.#add(event, bytes);
      return;
    }
    switch (event.kind) {
      case 'output':
        redactor.write(event.atMs, bytes);
        break;
      case 'gap':
        redactor.gap(event.lostBytes, (lostBytes) => this.#add({ ...event, lostBytes }, NOTHING));
        break;
      case 'x':
        redactor.flush();
        this.#add(event, NOTHING);
        break;
      case 'r':
      case 'm': {
        const redacted = { ...event, data: redactText(this.#secrets, event.data) };
        redactor.event(() => this.#add(redacted, NOTHING));
        break;
      }
    }
  }

  #add(event: BatchEvent, bytes: Uint8Array): void {
    this.#lines.push(...this.#events.encode(event, bytes));
  }

  #takeLines(): Uint8Array<ArrayBuffer> {
    const lines = this.#lines;
    this.#lines = [];
    const bytes = Buffer.allocUnsafeSlow(lines.reduce((sum, line) => sum + line.length, 0));
    let position = 0;
    for (const line of lines) position += bytes.write(line, position, 'latin1');
    this.#hash.update(bytes);
    return bytes;
  }
}
