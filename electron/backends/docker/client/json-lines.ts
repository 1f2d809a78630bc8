/** The longest line that is read; the engine's own are some kilobytes. In bytes. */
const MAX_LINE_BYTES = 256 * 1024;

/**
 * Splits a stream of JSON lines as it comes, in any pieces. A line that is too long or is not JSON is left out.
 *
 * @returns what takes each piece.
 */
export function jsonLines(onValue: (value: unknown) => void): (chunk: Buffer) => void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isTooLong = false;

  const hold = (piece: Buffer): void => {
    if (isTooLong || heldBytes + piece.length > MAX_LINE_BYTES) {
      held = [];
      heldBytes = 0;
      isTooLong = true;
      return;
    }
    held.push(piece);
    heldBytes += piece.length;
  };

  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      hold(chunk.subarray(start, end));
      start = end + 1;
      const line = isTooLong ? '' : Buffer.concat(held).toString();
      held = [];
      heldBytes = 0;
      isTooLong = false;
      if (line.trim() === '') continue;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        continue;
      }
      onValue(value);
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  };
}
