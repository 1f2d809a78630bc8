import type { StartFailure } from '../../../../shared/session.ts';
import type { CredentialValue } from '../../backend.ts';
import { CREDENTIALS_INSIDE } from '../../credential-folders.ts';
import type { ContainerApi } from '../client/container-api.ts';
import { EngineRefusal } from '../client/engine-errors.ts';
import { SCRIPT_SHELL } from './credential-barrier.ts';

/** How long the engine may take to give values to a container, in milliseconds. */
const PUT_MS = 20_000;
/** How the script below ends when it does not go well. */
const REASONS: Readonly<Record<number, string>> = {
  64: `Its ${SCRIPT_SHELL} cannot write a text without showing it to others.`,
  65: `The folder ${CREDENTIALS_INSIDE} could not be made.`,
  66: 'A file could not be written.',
  126: `Its ${SCRIPT_SHELL} could not be run.`,
  127: `It has no ${SCRIPT_SHELL}.`,
};

/**
 * Takes names and values from its input, a line each, and replaces their files as a whole. The value is written with escapes
 * by a command of the shell's own, so that it is in no process's arguments. `.` ends it; `+` opens the barrier before.
 */
const PUT = `umask 077
[ "$(command -v printf)" = printf ] || exit 64
[ -d ${CREDENTIALS_INSIDE} ] || mkdir ${CREDENTIALS_INSIDE} || exit 65
cd ${CREDENTIALS_INSIDE} || exit 65
while IFS=' ' read -r name value; do
  case $name in
    .) printf done; exit 0 ;;
    +) : >../open; if [ -p ../gate ]; then echo go 1<>../gate; fi ;;
    *) printf %b "$value" >".$name.new" && mv -f ".$name.new" "$name" || exit 66 ;;
  esac
done
exit 67`;

/** Writes all values to its output: for each a line with its name and its length, then as many bytes. */
const GET = `cd ${CREDENTIALS_INSIDE} 2>/dev/null || exit 0
for name in *; do
  [ -f "$name" ] || continue
  echo "$name $(($(wc -c <"$name")))" && cat "$name" || exit 66
done`;

/** An image without what puts credentials into a container. */
export function lacksScriptShell(image: string): StartFailure {
  return {
    stage: 'credentials',
    message: `The image ${image} has no ${SCRIPT_SHELL}, which writes the session’s credentials into the container`,
    hint: 'Use an image with a shell, or a profile without credentials.',
  };
}

/**
 * Puts values into a container that runs: into its memory, over a connection to the engine that no one else reads.
 *
 * @param opensBarrier the shell waits for them, and begins now.
 * @returns null, or why they are not there, for a person. Never rejects.
 */
export async function putCredentials(
  api: ContainerApi,
  values: readonly CredentialValue[],
  opensBarrier: boolean,
): Promise<string | null> {
  const input = inputOf(values, opensBarrier);
  try {
    const { output, exitCode } = await api.execute([SCRIPT_SHELL, '-c', PUT], input, PUT_MS);
    if (output.toString() === 'done') return null;
    return REASONS[exitCode ?? 0] ?? 'The container did not take them.';
  } catch (error) {
    if (!(error instanceof EngineRefusal)) return 'The container engine is not responding.';
    return /paused/i.test(error.reason) ? 'The session is frozen.' : `The container engine refuses: ${error.reason}.`;
  } finally {
    input.fill(0);
  }
}

/** What the script reads. */
function inputOf(values: readonly CredentialValue[], opensBarrier: boolean): Buffer {
  const end = Buffer.from(opensBarrier ? '+\n.\n' : '.\n');
  return Buffer.concat([...values.map(({ env, value }) => line(env, value)), end]);
}

/** A name and its value, with all but letters and digits as `\0` and three octal digits (printf(1), `%b`). */
function line(env: string, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(env.length + 2 + value.length * 5);
  let at = bytes.write(`${env} `, 'latin1');
  for (const byte of value) {
    const isPlain = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    if (isPlain) bytes[at++] = byte;
    else at += bytes.write(`\\0${byte.toString(8).padStart(3, '0')}`, at, 'latin1');
  }
  at += bytes.write('\n', at, 'latin1');
  return bytes.subarray(0, at);
}

/** All values that are in a container; null where they are not available. Never rejects. */
export async function getCredentials(api: ContainerApi): Promise<CredentialValue[] | null> {
  try {
    const { output, exitCode } = await api.execute([SCRIPT_SHELL, '-c', GET], new Uint8Array(0), PUT_MS);
    return exitCode === 0 ? valuesIn(output) : null;
  } catch {
    return null;
  }
}

/** Reads what the script wrote: names, lengths in bytes, values. `output` is overwritten. */
function valuesIn(output: Buffer): CredentialValue[] | null {
  const values: CredentialValue[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const [, env, length] = /^([A-Za-z_]\w*) (\d+)$/.exec(output.toString('latin1', at, Math.max(at, end))) ?? [];
    if (env === undefined) return null;
    at = end + 1 + Number(length);
    values.push({ env, value: Buffer.from(output.subarray(end + 1, at)) });
  }
  output.fill(0);
  return values;
}
