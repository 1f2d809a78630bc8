import { fileError } from '../failure.ts';
import type { OpenForRepair, RepairHandle } from '../repair/repair.ts';

/** A file in memory, whose disk can be made to fail after so many bytes have been written. */
export class MemoryFile {
  content: Buffer;
  /** Bytes that are still taken; then writes fail, after what there was room for. */
  takes = Number.POSITIVE_INFINITY;
  /** Whether everything but reading fails from then on, as if the app had been killed. */
  diesWhenFull = false;
  writes = 0;

  constructor(content: Uint8Array) {
    this.content = Buffer.from(content);
  }

  readonly open: OpenForRepair = async () => this.#handle();

  #handle(): RepairHandle {
    return {
      stat: async () => ({ ino: 1, dev: 1, size: this.content.length, isFile: () => true }),
      read: async (buffer, offset, length, position) => ({
        bytesRead: this.content.copy(buffer, offset, position, Math.min(position + length, this.content.length)),
      }),
      write: async (buffer, offset, length, position) => {
        this.writes += 1;
        const taken = Math.min(length, this.takes);
        if (taken === 0 && length > 0) throw fileError('ENOSPC', 'no space left on device');
        this.takes -= taken;
        const grown = Buffer.alloc(Math.max(this.content.length, position + taken));
        this.content.copy(grown);
        grown.set(buffer.subarray(offset, offset + taken), position);
        this.content = grown;
        return { bytesWritten: taken };
      },
      truncate: async (length) => {
        if (this.takes === 0 && this.diesWhenFull) throw fileError('EIO', 'gone');
        this.content = Buffer.from(this.content.subarray(0, length));
      },
      sync: async () => {},
      async [Symbol.asyncDispose]() {},
    };
  }
}
