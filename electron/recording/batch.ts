import type { Entry, GapEntry, PlainEntry } from './backlog.ts';

/** An event as it is handed to the encoder: of output only how many of the batch's bytes are its own. */
export type BatchEvent =
  | { readonly kind: 'output'; readonly atMs: number; readonly length: number }
  | PlainEntry
  | GapEntry;

/** Events to be encoded together; the bytes of their output follow each other in one array, which can be transferred. */
export interface Batch {
  readonly events: readonly BatchEvent[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Puts events together, with one copy of their bytes. */
export function packBatch(entries: readonly Entry[]): Batch {
  const length = entries.reduce((sum, entry) => sum + (entry.kind === 'output' ? entry.bytes : 0), 0);
  const bytes = new Uint8Array(length);
  let position = 0;
  const events = entries.map((entry): BatchEvent => {
    if (entry.kind !== 'output') return entry;
    for (const chunk of entry.chunks) {
      bytes.set(chunk, position);
      position += chunk.length;
    }
    return { kind: 'output', atMs: entry.atMs, length: entry.bytes };
  });
  return { events, bytes };
}
