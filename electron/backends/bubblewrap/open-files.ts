import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files without a name, for another process to read from descriptors that it inherits. Closed when disposed of. */
export class OpenFiles implements Disposable {
  readonly #descriptors: number[] = [];

  /** In the order in which they were added. */
  get descriptors(): readonly number[] {
    return this.#descriptors;
  }

  /**
   * Adds one, which is read from its start.
   *
   * @returns its place in {@link descriptors}.
   * @throws when the folder for temporary files cannot be written.
   */
  add(content: Uint8Array | string): number {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const path = join(tmpdir(), `sandglass-${randomUUID()}`);
    const descriptor = openSync(path, 'wx+', 0o600);
    const place = this.#descriptors.push(descriptor) - 1;
    unlinkSync(path);
    // Written at positions, which leaves the descriptor's own at the start.
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
    return place;
  }

  /**
   * Adds a file of this machine.
   *
   * @returns its place in {@link descriptors}; null where it cannot be read.
   */
  addFile(path: string): number | null {
    try {
      return this.#descriptors.push(openSync(path, 'r')) - 1;
    } catch {
      return null;
    }
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }
}
