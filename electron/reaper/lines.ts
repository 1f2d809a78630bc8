/** No message is longer, in bytes; certificates are the longest part of one. */
const MAX_LINE = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of a stream, without their ends. What is longer than any message is left out, and so is a last line without
 * an end: its writer did not live to finish it. A stream that fails ends.
 */
export async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of input) {
      let begin = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
        if (length + end - begin <= MAX_LINE) yield Buffer.concat([...parts, chunk.subarray(begin, end)]).toString();
        parts = [];
        length = 0;
        begin = end + 1;
      }
      length += chunk.length - begin;
      // Its length is kept, so that the rest of it is left out as well.
      if (length > MAX_LINE) parts = [];
      else parts.push(chunk.subarray(begin));
    }
  } catch {
    // The other end broke off: that is its end.
  }
}
