import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileError } from './failure.ts';

/** What the writer needs of an open file; a `FileHandle` has it. */
export interface RecordingHandle {
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  stat(): Promise<{ nlink: number }>;
  close(): Promise<void>;
}

/** Creates a file that must not exist yet, readable for its owner alone; rejects with the system's error. */
export type OpenFile = (file: string) => Promise<RecordingHandle>;

/** Creates the file; refuses to follow a link or to reuse a file that is there already. */
export const createFile: OpenFile = (file) =>
  open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);

/**
 * The file of one recording, written by whole lines, one write at a time. Its methods reject with the system's error;
 * after the first one that does, only {@link RecordingFile.abandon} is to be called.
 */
export class RecordingFile {
  readonly #handle: RecordingHandle;
  #bytes: number;
  #closed = false;

  /** @param bytes how long the file is, in complete lines, where it is not new */
  constructor(handle: RecordingHandle, bytes = 0) {
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /** Length of the file in bytes: complete lines only. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends lines. When the disk takes only a part of them, what it took is cut back to its last complete line. */
  async append(lines: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < lines.length) {
        const { bytesWritten } = await this.#handle.write(
          lines,
          written,
          lines.length - written,
          this.#bytes + written,
        );
        if (bytesWritten === 0) throw fileError('EIO', 'The disk took nothing of a write');
        written += bytesWritten;
      }
    } catch (error) {
      this.#bytes += lines.subarray(0, written).lastIndexOf(0x0a) + 1;
      throw error;
    }
    this.#bytes += lines.length;
  }

  /** Rejects with ENOENT when the file was deleted: writing to it would still succeed, and be lost. */
  async checkExists(): Promise<void> {
    const { nlink } = await this.#handle.stat();
    if (nlink === 0) throw fileError('ENOENT', 'The recording was deleted while it was written');
  }

  /** Makes sure that all is on the disk, and closes the file. */
  async finish(): Promise<void> {
    await this.#handle.datasync();
    this.#closed = true;
    await this.#handle.close();
  }

  /** After a failure: cuts a torn last line where the disk lets us, and closes the file. Never throws; idempotent. */
  async abandon(log: (error: unknown, message: string) => void): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle
      .truncate(this.#bytes)
      .catch((error: unknown) => log(error, 'A recording keeps a torn last line: it could not be cut'));
    await this.#handle
      .close()
      .catch((error: unknown) => log(error, 'The file of a failed recording could not be closed properly'));
  }
}
