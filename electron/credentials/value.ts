import { isUtf8 } from 'node:buffer';
import { isLongEnough, MIN_SECRET } from '../recording/redaction/secrets.ts';

/** The longest value, in bytes. */
export const MAX_VALUE_BYTES = 65_536;

/** A value, which is the receiver's to overwrite; or why there is none, without it. */
export type Fetched =
  | { readonly ok: true; readonly value: Buffer }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** An expected failure. */
export function unavailable(message: string, hint: string): Fetched {
  return { ok: false, message, hint };
}

/**
 * What a source gave, as a value: without its last line end. It must be text that a variable can hold, and long enough to be
 * found in what a session writes: what cannot be kept out of recordings is not given to sessions. `bytes` are overwritten.
 *
 * @param source “The command gh”, “The file /run/token”
 */
export function usableValue(bytes: Buffer, source: string): Fetched {
  const value = Buffer.from(bytes.subarray(0, bytes.length - lineEndLength(bytes)));
  bytes.fill(0);
  const objection = objectionTo(value);
  if (objection === null) return { ok: true, value };
  value.fill(0);
  return unavailable(`${source} ${objection.message}.`, objection.hint);
}

function lineEndLength(bytes: Buffer): number {
  if (bytes.at(-1) !== 0x0a) return 0;
  return bytes.at(-2) === 0x0d ? 2 : 1;
}

function objectionTo(value: Buffer): { message: string; hint: string } | null {
  if (value.length === 0) return { message: 'gave nothing', hint: 'Make sure it gives the value.' };
  if (value.length > MAX_VALUE_BYTES)
    return { message: 'gave more than 64 KiB', hint: 'Make sure it gives the value and nothing else.' };
  if (value.includes(0) || !isUtf8(value))
    return { message: 'gave something that is not text', hint: 'Encode the value, for example with Base64.' };
  if (!isLongEnough(value.toString()))
    return {
      message: `gave fewer than ${MIN_SECRET} characters, which could not be kept out of recordings`,
      hint: `Use a value of at least ${MIN_SECRET} characters, or an ordinary variable of the profile if it is no secret.`,
    };
  return null;
}
