import { constants } from 'node:os';
import type { ExitStatus } from '../../backend.ts';

/** A signal that came through the engine: when, in milliseconds before the end was known. */
export interface SentSignal {
  /** `SIGKILL`, … */
  readonly signal: string;
  readonly beforeMs: number;
}

/** What is known when a container has ended. */
export interface ExitFacts {
  /** As the engine reports it: of the shell, or 128 and the number of the signal that ended it. */
  readonly exitCode: number;
  /** The last signal that Sandglass sent. */
  readonly own: SentSignal | null;
  /** The last signal that someone else sent through the engine. */
  readonly foreign: SentSignal | null;
  /** Whether the engine says that the kernel ended something in it for want of memory. */
  readonly outOfMemory: boolean;
  /** How long ago the engine last reported that; null when it did not. */
  readonly oomBeforeMs: number | null;
  readonly memoryMiB: number | null;
}

/** A container that ended this long after the kernel ran out of memory for it did not end because of it, in milliseconds. */
const OOM_MS = 2_000;
/** A program that takes its leave after a signal from outside does so within this time, in milliseconds. */
const LEAVE_MS = 5_000;
/** Signals that ask a program to go. */
const ASKS_TO_GO = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));

/**
 * How a container's shell ended. The engine does not distinguish a signal from a shell that exits with 128 and its number, which
 * shells do when their last command was ended by it. So a signal is named only where it is known that one was sent.
 */
export function exitStatus(facts: ExitFacts): ExitStatus {
  const { exitCode, own, foreign } = facts;
  const endedBy = (sent: SentSignal | null): boolean =>
    sent !== null && exitCode === 128 + (NUMBERS.get(sent.signal) ?? -1);
  if (foreign !== null && endedBy(foreign)) {
    return { exitCode: null, signal: foreign.signal, detail: `Killed from outside Sandglass (${foreign.signal})` };
  }
  if (own !== null && endedBy(own)) return { exitCode: null, signal: own.signal };
  const justNow = facts.oomBeforeMs === null || facts.oomBeforeMs <= OOM_MS;
  if (facts.outOfMemory && justNow && exitCode === 128 + constants.signals.SIGKILL) {
    const limit =
      facts.memoryMiB === null
        ? 'The machine ran out of memory'
        : `It reached its memory limit of ${facts.memoryMiB} MB`;
    return { exitCode: null, signal: 'SIGKILL', cause: 'out_of_memory', detail: limit };
  }
  if (foreign !== null && foreign.beforeMs <= LEAVE_MS && ASKS_TO_GO.includes(foreign.signal)) {
    return { exitCode, signal: null, detail: `Ended after ${foreign.signal} from outside Sandglass` };
  }
  return { exitCode, signal: null };
}
