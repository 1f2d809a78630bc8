import { execFile } from 'node:child_process';
import { close as closeFile, constants, open as openFile } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
// Plain descriptors, which a child process takes over and a socket closes.
const open = promisify(openFile);
const close = promisify(closeFile);
const MKFIFO_TIMEOUT_MS = 5000;
/** The folder of a run, which is there for a moment: with the app's process id, so that the next one knows whose it was. */
const PREFIX = 'sandglass-hook-';
const LEFT = new RegExp(`^${PREFIX}([1-9]\\d{0,9})-`);

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
 * @returns null if none can be made, as on a full disk: then sockets have to do.
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
    folder = await mkdtemp(join(temporary, `${PREFIX}${process.pid}-`));
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

/**
 * Removes what apps have left that were killed while they started a hook: they hold events.
 *
 * @param temporary the folder for temporary files
 * @returns how many there were. Never rejects: what belongs to another user stays.
 */
export async function removeOrphanedStreams(temporary: string): Promise<number> {
  let count = 0;
  for (const name of await readdir(temporary).catch(() => [])) {
    const pid = Number(LEFT.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const removed = await rm(join(temporary, name), { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
    if (removed) count += 1;
  }
  return count;
}

/** Whether there is such a process. One that only has the same id keeps a folder until the launch after. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
