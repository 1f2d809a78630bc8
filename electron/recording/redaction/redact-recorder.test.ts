import { describe, expect, it } from 'vitest';
import { BRAKE_BYTES } from '../../sessions/output/recorder-backpressure.ts';
import type { ClosedRecording, Recorder } from '../recorder.ts';
import { redactingRecorder, type Turns } from './redact-recorder.ts';
import { Secrets } from './secrets.ts';

const TOKEN = 'ghp_x7Kq2vLm9Rt4Wz8B';
const CLOSED: ClosedRecording = { file: '', bytes: 0, sha256: null, truncated: false, message: null };

/** Keeps what it is given, in words. */
class Kept implements Recorder {
  readonly bytes = 0;
  readonly waitingBytes = 0;
  readonly lines: string[] = [];

  output(_atMs: number, bytes: Uint8Array): void {
    this.lines.push(Buffer.from(bytes).toString());
  }

  resize(_atMs: number, cols: number, rows: number): void {
    this.lines.push(`<${cols}x${rows}>`);
  }

  marker(_atMs: number, label: string): void {
    this.lines.push(`<${label}>`);
  }

  async flush(): Promise<void> {
    this.lines.push('<flush>');
  }

  async close(_atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    this.lines.push(`<end ${exitStatus}>`);
    return CLOSED;
  }
}

/** Turns that are over as soon as they have begun, and come when they are asked for. */
class ShortTurns implements Turns {
  #nowMs = 0;
  #next: (() => void)[] = [];

  now(): number {
    this.#nowMs += 1_000;
    return this.#nowMs;
  }

  next(run: () => void): void {
    this.#next.push(run);
  }

  get hasNext(): boolean {
    return this.#next.length > 0;
  }

  takeOne(): void {
    this.#next.shift()?.();
  }
}

function record(turns?: Turns): { kept: Kept; recorder: Recorder } {
  const secrets = new Secrets();
  secrets.add('TOKEN', TOKEN);
  const kept = new Kept();
  return { kept, recorder: redactingRecorder(kept, secrets, turns) };
}

describe('a recorder that gets no secret', () => {
  it('passes on at once what takes no time to look through', () => {
    const { kept, recorder } = record();
    recorder.output(0, Buffer.from(`a ${TOKEN} b`));
    recorder.resize(0, 80, 24);
    expect(kept.lines.join('')).toBe('a [redacted TOKEN] b<80x24>');
    expect(recorder.waitingBytes).toBe(0);
  });

  it('leaves the rest of long output to later turns, and keeps the order of all that comes', async () => {
    const turns = new ShortTurns();
    const { kept, recorder } = record(turns);
    const long = 'x'.repeat(10_000);
    recorder.output(0, Buffer.from(`${long}${TOKEN}${long}`));
    recorder.resize(0, 80, 24);
    recorder.output(0, Buffer.from('end'));
    recorder.marker(0, `marked ${TOKEN}`);
    const closing = recorder.close(0, 0);
    recorder.output(0, Buffer.from('after the end'));
    expect(kept.lines.join('').length).toBeLessThan(10_000);
    while (turns.hasNext) turns.takeOne();
    expect(await closing).toBe(CLOSED);
    expect(kept.lines.join('')).toBe(`${long}[redacted TOKEN]${long}<80x24>end<marked [redacted TOKEN]><end 0>`);
  });

  it('flushes when what came before is looked through', async () => {
    const turns = new ShortTurns();
    const { kept, recorder } = record(turns);
    recorder.output(0, Buffer.from('x'.repeat(10_000)));
    const flushed = recorder.flush();
    recorder.output(0, Buffer.from('later'));
    while (turns.hasNext) turns.takeOne();
    await flushed;
    expect(kept.lines.join('').replaceAll('x', '')).toBe('later<flush>');
  });

  it('holds the program back before much waits', () => {
    const { recorder } = record(new ShortTurns());
    for (let reads = 0; reads < 3; reads += 1) recorder.output(0, Buffer.alloc(65_536, 'x'));
    expect(recorder.waitingBytes).toBeGreaterThan(BRAKE_BYTES);
  });

  it('lets no more than some megabytes wait, even if nobody is held back', () => {
    const turns = new ShortTurns();
    const { kept, recorder } = record(turns);
    const read = Buffer.alloc(1_048_576, 'x');
    for (let reads = 0; reads < 5; reads += 1) recorder.output(0, read);
    expect(kept.lines.join('').length).toBe(5 * read.length);
    recorder.output(0, Buffer.from('more'));
    while (turns.hasNext) turns.takeOne();
    expect(kept.lines.at(-1)).toBe('more');
  });
});
