import { readdirSync, readFileSync } from 'node:fs';

/** asm-generic/fcntl.h; the same on every architecture that Electron supports. */
const O_CLOEXEC = 0o2000000;
/** The first descriptor after the standard streams. */
const FIRST_DESCRIPTOR = 3;

/** Descriptors of all sessions' terminals that are open in this process. */
export const openTerminals = new Set<number>();

/**
 * The `stdio` of a child process that must not get hold of sessions' terminals. node-pty opens them without the mark
 * that closes a descriptor when a program is started, so a child would inherit them: it could read and type in other
 * sessions. Each is covered with `/dev/null` in the child.
 *
 * @param first the child's descriptors from 0 on.
 * @param nothing a descriptor of `/dev/null`.
 * @param others more descriptors that it must not get.
 */
export function stdioWithoutTerminals<T>(
  first: readonly T[],
  nothing: number,
  others: readonly number[] = [],
): (T | number | 'ignore')[] {
  const stdio: (T | number | 'ignore')[] = [...first];
  for (const fd of [...openTerminals, ...others]) {
    // What is in `first` covers it already.
    if (fd < first.length) continue;
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = nothing;
  }
  return stdio;
}

/**
 * Descriptors that this process would pass on to its children, besides the first three: those that it has inherited itself,
 * and those of libraries that forget to mark them (O_CLOEXEC, proc_pid_fdinfo(5)).
 */
export function inheritable(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      if (fd < FIRST_DESCRIPTOR) return false;
      try {
        const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
        return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
      } catch {
        // The one through which the folder was read.
        return false;
      }
    });
}
