import { randomFillSync } from 'node:crypto';

/** Asking the system for random bytes costs more than the bytes: they are taken in batches. */
const POOL_WORDS = 1_024;
const pool = new Uint32Array(POOL_WORDS);
let used = POOL_WORDS;

/** A random number from 0 up to 1, unpredictable; for ids, which take many of them. */
export function random(): number {
  if (used === POOL_WORDS) {
    randomFillSync(pool);
    used = 0;
  }
  const word = pool[used] ?? 0;
  used += 1;
  return word / 0x1_0000_0000;
}
