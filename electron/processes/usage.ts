/** What one process has used so far. */
export interface ProcessUsage {
  readonly pid: number;
  readonly parent: number;
  /** Since its start, in milliseconds. */
  readonly ageMs: number;
  /** Processor time of it and of its ended children, in milliseconds. */
  readonly cpuMs: number;
  /** Bytes that it and its ended children have read and written, files and sockets alike; null where that cannot be read. */
  readonly readBytes: number | null;
  /** Those of `readBytes` that came from a disk. */
  readonly storageReadBytes: number | null;
  readonly writtenBytes: number | null;
}

/** What the command in the foreground and all that it has started have used so far. */
export interface ForegroundUsage {
  /** The process group in front: with it the command is the same one. */
  readonly group: number;
  readonly processes: readonly ProcessUsage[];
}
