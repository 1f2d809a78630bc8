import { basename } from 'node:path';
import type { Problem } from '../../shared/settings.ts';
import type { Refusal } from './journal-protocol.ts';

/** What the user is told of the journal. All of these have fixed ids: each stands for one state of it. */

export function damagedProblem(keptAs: string, why: string): Problem {
  return {
    id: 'journal-damaged',
    severity: 'error',
    title: 'The history was damaged and begins anew',
    message:
      `The journal of sessions could not be used (${why}) It is kept as ${keptAs}, and a new one was begun. ` +
      'Recordings are not affected: sessions that have one come back into the history. Hooks may not have been told of everything.',
  };
}

export function newerProblem(file: string, version: number): Problem {
  return {
    id: 'journal-newer',
    severity: 'error',
    title: 'The history belongs to a newer Sandglass',
    message:
      `${basename(file)} was written by a newer version (format ${version}). It is left as it is. The history of this run ` +
      'is kept in memory only. Update Sandglass to see and continue the history.',
  };
}

/** Why nothing can be written: it was refused, or it takes longer than anybody should wait for. */
export type WriteFailure = Refusal['kind'] | 'slow';

const REASONS: Readonly<Record<WriteFailure, string>> = {
  locked: 'Another program holds the journal. Close it, if it does not end by itself.',
  full: 'The disk is full. Free some space.',
  unwritable: 'The journal cannot be written there. Make the data folder writable for you.',
  io: 'The disk reported an error. Check the disk before you rely on it.',
  damaged: 'The journal is damaged and cannot be moved aside. Make the data folder writable for you.',
  slow: 'The disk does not answer. Check the disk or the network drive.',
  other: 'The log has the details.',
};

export function writeFailedProblem(reason: WriteFailure): Problem {
  return {
    id: 'journal-held',
    severity: 'error',
    title: 'The history cannot be written',
    message:
      `${REASONS[reason]} Sessions go on. What happens is held in memory and written as soon as that is possible; ` +
      'until then hooks wait.',
  };
}

export function savedAgainProblem(): Problem {
  return {
    id: 'journal-held',
    severity: 'info',
    title: 'The history is written again',
    message: 'What was held in memory has been written, and hooks are told of it.',
  };
}

export function droppedProblem(): Problem {
  return {
    id: 'journal-dropped',
    severity: 'warning',
    title: 'The history will have gaps',
    message:
      'It could not be written for so long that details were dropped to save memory. Starts and ends of sessions are all kept.',
  };
}

export function workerProblem(): Problem {
  return {
    id: 'journal-thread',
    severity: 'error',
    title: 'The history and hooks do not work',
    message:
      'The part of Sandglass that writes the history fails again and again. Sessions go on, and it is started anew. ' +
      'The log has the details.',
  };
}
