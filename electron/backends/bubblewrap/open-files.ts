import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where files without a name are made, best first: in memory, because they may hold secrets. */
const PLACES = ['/dev/shm', tmpdir()];

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
   * @throws when neither the memory's folder nor that for temporary files can be written.
   */
  add(content: Uint8Array | string): number {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    let complaint: unknown = null;
    for (const folder of PLACES) {
      try {
        return this.#descriptors.push(nameless(folder, bytes)) - 1;
      } catch (error) {
        complaint = error;
      }
    }
    throw complaint;
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }
}

/** A file in that folder with this content and no name. @throws the system's error. */
function nameless(folder: string, bytes: Uint8Array): number {
  const path = join(folder, `sandglass-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    // Written at positions, which leaves the descriptor's own at the start.
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
