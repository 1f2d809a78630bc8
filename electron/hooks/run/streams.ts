import { execFile } from 'node:child_process';
import { close as closeFile, constants, open as openFile } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
// Plain descriptors, which a child process takes over and a socket closes.
const open = promisify(openFile);
const close = promisify(closeFile);
const MKFIFO_TIMEOUT_MS = 5000;

/** What a hook's executable reads from and writes to. */
export interface HookStreams {
  /** Its standard input: a file with the event. */
  readonly input: number;
  /** Its standard output and error: the way into a pipe. */
  readonly writer: number;
  /** The other end. The caller's to destroy. */
  readonly output: Socket;
  /** Closes the descriptors that were for the child. Idempotent. */
  release(): Promise<void>;
}

/**
 * A file to read the event from, and a pipe to write to. Node's own pipes to children are sockets: a script that opens
 * `/dev/stdin` or writes to `/dev/stderr` fails with those.
 *
 * In a worker thread, that one must not track descriptors (`trackUnmanagedFds: false`): they are closed in other ways than
 * they are opened.
 *
 * @param temporary the folder for temporary files. When this resolves nothing is left in it.
 * @returns null where none are to be had, as on a full disk: then sockets have to do.
 */
export async function openStreams(body: string, temporary: string): Promise<HookStreams | null> {
  const opened: number[] = [];
  const opening = async (path: string, flags: number): Promise<number> => {
    const descriptor = await open(path, flags);
    opened.push(descriptor);
    return descriptor;
  };
  let folder: string | null = null;
  try {
    folder = await mkdtemp(join(temporary, 'sandglass-hook-'));
    const file = join(folder, 'event');
    const pipe = join(folder, 'output');
    await writeFile(file, body, { mode: 0o600 });
    await run('mkfifo', ['-m', '600', pipe], { timeout: MKFIFO_TIMEOUT_MS });
    const input = await opening(file, constants.O_RDONLY);
    // The reader first and without waiting: the writer's opening then does not wait either.
    const reader = await opening(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await opening(pipe, constants.O_WRONLY);
    let released: Promise<unknown> | null = null;
    return {
      input,
      writer,
      output: new Socket({ fd: reader, readable: true, writable: false }),
      release: async () => {
        released ??= Promise.all([close(input), close(writer)]);
        await released;
      },
    };
  } catch {
    await Promise.all(opened.map((descriptor) => close(descriptor)));
    return null;
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
