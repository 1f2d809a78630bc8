import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { EngineClient } from './engine-client.ts';
import { EngineTimeout } from './engine-errors.ts';

/** More output than this is not taken, in bytes. */
const MAX_OUTPUT_BYTES = 4 * 1_048_576;
/** The head of a piece of output: which stream it is of, and how long it is (https://docs.docker.com/reference/api/engine/, attach). */
const HEAD_BYTES = 8;
const STDOUT = 1;

const createdSchema = z.object({ Id: z.string().regex(/^[0-9a-f]{12,128}$/) });
const endedSchema = z.object({ ExitCode: z.int().nullish() });

/** A command that has ended. */
export interface Executed {
  readonly output: Buffer;
  /** The exit code, or null where the engine does not report it. */
  readonly exitCode: number | null;
}

/**
 * Runs a command in a container that runs, as its user. What is to be kept secret goes through its input: the command and
 * its environment are for anyone to see who may ask the engine. The input is not ended, because not every connection can
 * half-close; the command has to find its end by itself. Its errors are dropped.
 *
 * Rejects with {@link EngineRefusal}, or when it takes too long.
 */
export async function execute(
  client: EngineClient,
  containerId: string,
  command: readonly string[],
  input: Uint8Array,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Executed> {
  const { timeoutMs } = bounds;
  const signal = AbortSignal.any([bounds.signal, AbortSignal.timeout(timeoutMs)]);
  const run = { AttachStdin: true, AttachStdout: true, AttachStderr: false, Tty: false, Cmd: command };
  const create = { method: 'POST', path: `/containers/${containerId}/exec`, body: run } as const;
  const { Id: id } = await client.call(create, createdSchema, { timeoutMs, signal });
  const start = { method: 'POST', path: `/exec/${id}/start`, body: { Detach: false, Tty: false } } as const;
  const output = await converse(await client.hijack(start, { timeoutMs, signal }), input, signal);
  const { ExitCode } = await client.call({ method: 'GET', path: `/exec/${id}/json` }, endedSchema, bounds);
  return { output, exitCode: ExitCode ?? null };
}

/** Sends the input and collects the output until the other side ends. */
async function converse(stream: Duplex, input: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const cut = (): void => {
    stream.destroy(new EngineTimeout('the container engine did not answer in time'));
  };
  signal.addEventListener('abort', cut, { once: true });
  if (signal.aborted) cut();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (input.length > 0) stream.write(input);
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) throw new Error('a command in the container printed too much');
      chunks.push(chunk);
    }
    return standardOutput(Buffer.concat(chunks));
  } finally {
    signal.removeEventListener('abort', cut);
    for (const chunk of chunks) chunk.fill(0);
    stream.destroy();
  }
}

/** What a command printed, without the heads of its pieces. `raw` is overwritten. */
function standardOutput(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEAD_BYTES <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4);
    if (raw[at] === STDOUT) parts.push(raw.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length));
    at += HEAD_BYTES + length;
  }
  const output = Buffer.concat(parts);
  raw.fill(0);
  return output;
}
