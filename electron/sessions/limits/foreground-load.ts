import type { ForegroundUsage, ProcessUsage } from '../../processes/usage.ts';

/** What the command in the foreground had used at one moment. */
export interface UsageSample extends ForegroundUsage {
  /** On the session's clock, in milliseconds. */
  readonly atMs: number;
  /** Bytes that the session had printed. */
  readonly bytesOut: number;
}

/**
 * From here on a command is at work. A monitor such as `top` stays below, an editor or a pager that is left alone uses
 * nothing; a build, a download or an agent at work is far above in at least one of them.
 */
const BUSY_CPU_SHARE = 0.03;
/** In bytes per second. What is written to the terminal does not count here: that is printing. */
const BUSY_WRITTEN = 1_024;
/** In bytes per second: from a disk, and from anywhere. Monitors read a lot of /proc, which is no disk. */
const BUSY_STORAGE_READ = 65_536;
const BUSY_READ = 4_194_304;
/** Two of the steps that the kernel counts processor time in, in milliseconds: one may be left over from before. */
const MIN_CPU_MS = 20;
/** Less than this says nothing, over however short a time: an editor's swap file, what a program reads to start. In bytes. */
const MIN_BYTES = 65_536;
/** The kernel rounds the start of a process down to steps of 10 ms, in milliseconds. */
const START_TOLERANCE_MS = 20;

/**
 * Whether the command in the foreground has used the processor or moved bytes between two moments. Where the earlier one
 * is of another command, or from before the last activity, only a command counts that was started since that activity:
 * what it used is then all since.
 */
export function isBusy(before: UsageSample | null, now: UsageSample, lastActivityMs: number): boolean {
  const ageMs = Math.max(0, ...now.processes.map((process) => process.ageMs));
  if (before !== null && before.group === now.group && before.atMs >= lastActivityMs) {
    const base = stillCounted(before.processes, now.processes);
    const elapsedMs = now.atMs - before.atMs;
    return exceeds(difference(total(now.processes), total(base)), now.bytesOut - before.bytesOut, elapsedMs);
  }
  if (now.atMs - ageMs + START_TOLERANCE_MS < lastActivityMs) return false;
  return exceeds(total(now.processes), now.bytesOut - (before?.bytesOut ?? 0), ageMs);
}

interface Totals {
  readonly cpuMs: number;
  readonly readBytes: number;
  readonly storageReadBytes: number;
  readonly writtenBytes: number;
}

function exceeds(used: Totals, printedBytes: number, elapsedMs: number): boolean {
  const seconds = elapsedMs / 1_000;
  const written = used.writtenBytes - printedBytes;
  return (
    used.cpuMs >= Math.max(MIN_CPU_MS, BUSY_CPU_SHARE * elapsedMs) ||
    written >= Math.max(MIN_BYTES, BUSY_WRITTEN * seconds) ||
    used.storageReadBytes >= Math.max(MIN_BYTES, BUSY_STORAGE_READ * seconds) ||
    used.readBytes >= Math.max(MIN_BYTES, BUSY_READ * seconds)
  );
}

/**
 * What a process had used goes over to its parent when it ends, so it still counts in the sum. That of one whose parent
 * is not among them is lost to the sum, and must not be subtracted from it.
 */
function stillCounted(before: readonly ProcessUsage[], now: readonly ProcessUsage[]): readonly ProcessUsage[] {
  const counted = new Set(now.map(({ pid }) => pid));
  const kept: ProcessUsage[] = [];
  let waiting = before;
  for (;;) {
    const found = waiting.filter(({ pid, parent }) => counted.has(pid) || counted.has(parent));
    if (found.length === 0) return kept;
    for (const process of found) counted.add(process.pid);
    kept.push(...found);
    waiting = waiting.filter(({ pid }) => !counted.has(pid));
  }
}

function total(processes: readonly ProcessUsage[]): Totals {
  let [cpuMs, readBytes, storageReadBytes, writtenBytes] = [0, 0, 0, 0];
  for (const process of processes) {
    cpuMs += process.cpuMs;
    readBytes += process.readBytes ?? 0;
    storageReadBytes += process.storageReadBytes ?? 0;
    writtenBytes += process.writtenBytes ?? 0;
  }
  return { cpuMs, readBytes, storageReadBytes, writtenBytes };
}

function difference(a: Totals, b: Totals): Totals {
  return {
    cpuMs: a.cpuMs - b.cpuMs,
    readBytes: a.readBytes - b.readBytes,
    storageReadBytes: a.storageReadBytes - b.storageReadBytes,
    writtenBytes: a.writtenBytes - b.writtenBytes,
  };
}
