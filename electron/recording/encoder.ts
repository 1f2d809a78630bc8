import { isUtf8 } from 'node:buffer';
import { completeLength } from '../base/utf8.ts';
import type { BatchEvent } from './batch.ts';
import type { RecordingHeader } from './recorder.ts';

/** The variables that a header may carry: what a player needs. Others may hold secrets. */
const HEADER_VARIABLES = ['SHELL', 'TERM', 'COLORTERM', 'LANG', 'LC_ALL', 'LC_CTYPE'];

/** The label of the marker that stands where output is missing. */
function gapLabel(lostBytes: number): string {
  return `gap: ${lostBytes} bytes of output are missing`;
}

/** The first line of an asciicast v3 file, https://docs.asciinema.org/manual/asciicast/v3/, as bytes. */
export function encodeHeader(header: RecordingHeader): Buffer {
  const env = Object.fromEntries(
    HEADER_VARIABLES.flatMap((name) => {
      const value = header.environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { TERM: type, ...others } = env;
  const line = {
    version: 3,
    term: { cols: header.cols, rows: header.rows, ...(type === undefined ? {} : { type }) },
    timestamp: Math.floor(header.startedAt / 1_000),
    ...(header.command === '' ? {} : { command: header.command }),
    ...(header.title === '' ? {} : { title: header.title }),
    ...(header.tags.length === 0 ? {} : { tags: header.tags }),
    env: type === undefined ? others : { ...others, TERM: type },
  };
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const NOTHING = new Uint8Array(0);

/**
 * Turns events into lines of asciicast v3. It keeps what a line needs from those before it: the time so far
 * (intervals are whole milliseconds, and what rounding takes from one it gives to the next, so their sum never drifts)
 * and the bytes of a character that is not complete yet.
 *
 * Lines are strings of bytes (one code unit is one byte). Escaping for JSON concerns ASCII only, so output that is
 * valid UTF-8 needs no decoding at all: its bytes are escaped as they are, at about three times the speed.
 */
export class EventEncoder {
  #lastMs: number;
  #unfinished: Uint8Array = NOTHING;

  /** @param lastMs the time of the last event before, of a recording that is continued, in whole milliseconds */
  constructor(lastMs = 0) {
    this.#lastMs = lastMs;
  }

  /** The lines of one event, whose output is `bytes`: none when that is only the start of a character. */
  encode(entry: BatchEvent, bytes: Uint8Array): string[] {
    switch (entry.kind) {
      case 'output':
        return this.#encodeOutput(entry.atMs, bytes);
      case 'gap':
        return [...this.finish(entry.atMs), this.#line(entry.atMs, 'm', byteJson(gapLabel(entry.lostBytes)))];
      case 'x':
        return [...this.finish(entry.atMs), this.#line(entry.atMs, 'x', byteJson(entry.data))];
      case 'r':
      case 'm':
        return [this.#line(entry.atMs, entry.kind, byteJson(entry.data))];
    }
  }

  /** The line for a character that will not be completed any more; none when there is no such thing. */
  finish(atMs: number): string[] {
    if (this.#unfinished.length === 0) return [];
    const text = byteJson(decoder.decode(this.#unfinished));
    this.#unfinished = NOTHING;
    return [this.#line(atMs, 'o', text)];
  }

  #encodeOutput(atMs: number, read: Uint8Array): string[] {
    const all = this.#unfinished.length === 0 ? asBuffer(read) : Buffer.concat([this.#unfinished, read]);
    const length = completeLength(all);
    this.#unfinished = length === all.length ? NOTHING : Uint8Array.from(all.subarray(length));
    if (length === 0) return [];
    const bytes = all.subarray(0, length);
    const json = isUtf8(bytes) ? JSON.stringify(bytes.toString('latin1')) : byteJson(decoder.decode(bytes));
    return [this.#line(atMs, 'o', json)];
  }

  #line(atMs: number, code: string, json: string): string {
    const at = Math.max(this.#lastMs, Math.round(atMs));
    const interval = (at - this.#lastMs) / 1_000;
    this.#lastMs = at;
    return `[${interval.toFixed(3)}, "${code}", ${json}]\n`;
  }
}

/** A text as JSON, as a string of the bytes of its UTF-8. */
function byteJson(text: string): string {
  return Buffer.from(JSON.stringify(text)).toString('latin1');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
