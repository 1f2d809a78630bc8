import { PASTE_END, PASTE_START } from '../../../shared/frames.ts';

const START = new TextEncoder().encode(PASTE_START);
const END = new TextEncoder().encode(PASTE_END);

/**
 * Where input that a program has taken up to `taken` may end: there, or behind the character (UTF-8) or the mark of a
 * bracketed paste that is cut in two by it.
 */
export function cutAfter(bytes: Uint8Array, taken: number): number {
  for (let start = Math.max(0, taken - START.length + 1); start < taken; start += 1) {
    if (isAt(bytes, start, START) || isAt(bytes, start, END)) return start + START.length;
  }
  let end = taken;
  // Continuation bytes, RFC 3629.
  while (end < bytes.byteLength && ((bytes[end] ?? 0) & 0xc0) === 0x80) end += 1;
  return end;
}

/** Whether a piece of a bracketed paste is its last one. */
export function endsPaste(bytes: Uint8Array): boolean {
  return isAt(bytes, bytes.byteLength - END.length, END);
}

function isAt(bytes: Uint8Array, start: number, mark: Uint8Array): boolean {
  return start >= 0 && mark.every((byte, index) => bytes[start + index] === byte);
}
