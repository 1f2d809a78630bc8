import type { CastReader } from './cast-reader.ts';

/** The events that asciicast v2 knows. */
const V2_CODES = new Set(['o', 'i', 'm', 'r']);

/**
 * A recording as the lines of asciicast v2, https://docs.asciinema.org/manual/asciicast/v2/: times count from the
 * beginning. `durationSeconds` goes into the header when it is known. The exit status has no counterpart; its time has: an
 * empty output, because players take the last event for the end, and a session that ended in silence would be cut short.
 */
export async function* castV2(recording: CastReader, durationSeconds: number | null): AsyncGenerator<string> {
  const { term, timestamp, command, title, env } = recording.header;
  const header = {
    version: 2,
    width: term.cols,
    height: term.rows,
    ...(timestamp === undefined ? {} : { timestamp: Math.floor(timestamp) }),
    ...(durationSeconds === null ? {} : { duration: durationSeconds }),
    ...(command === undefined ? {} : { command }),
    ...(title === undefined ? {} : { title }),
    env: { ...env, ...(term.type === undefined ? {} : { TERM: term.type }) },
  };
  yield `${JSON.stringify(header)}\n`;
  for await (const { atMicros, code, data } of recording.events) {
    const time = (atMicros / 1_000_000).toFixed(6);
    if (code === 'x') yield `[${time}, "o", ""]\n`;
    else if (V2_CODES.has(code)) yield `[${time}, "${code}", ${JSON.stringify(data)}]\n`;
  }
}
