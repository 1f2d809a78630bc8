import { basename } from 'node:path';
import type { Problem } from '../../shared/settings.ts';
import type { Refusal } from './journal-protocol.ts';

/** Messages about the journal. Their ids are fixed: each stands for one state of it. */

export function damagedProblem(keptAs: string, why: string): Problem {
  return {
    id: 'journal-damaged',
    severity: 'error',
    title: 'Session history was damaged and starts again',
    message:
      `The journal of sessions could not be read (${why}) It was moved to ${keptAs}, and a new one was created. ` +
      'Recordings are not affected: sessions that have one return to the history. Some events may not have reached hooks.',
  };
}

export function newerProblem(file: string, version: number): Problem {
  return {
    id: 'journal-newer',
    severity: 'error',
    title: 'Session history was written by a newer Sandglass',
    message:
      `${basename(file)} has the format of a newer version (${version}) and was left unchanged. The history of this run ` +
      'is kept in memory only. Update Sandglass to see and continue the history.',
  };
}

/** Why nothing can be written: it was refused, or it takes too long. */
export type WriteFailure = Refusal['kind'] | 'slow';

const REASONS: Readonly<Record<WriteFailure, string>> = {
  locked: 'Another program has locked the journal. Close that program.',
  full: 'The disk is full. Free some space.',
  unwritable: 'The data folder is not writable. Give yourself permission to write to it.',
  io: 'The disk reported an error. Check the disk before you rely on it.',
  damaged: 'The journal is damaged and cannot be replaced. Give yourself permission to write to the data folder.',
  slow: 'The disk does not respond. Check the disk or the network drive.',
  other: 'The log has the details.',
};

export function writeFailedProblem(reason: WriteFailure): Problem {
  return {
    id: 'journal-held',
    severity: 'error',
    title: 'Session history cannot be saved',
    message:
      `${REASONS[reason]} Sessions continue. Events are kept in memory and saved as soon as possible; ` +
      'hooks get them then.',
  };
}

export function savedAgainProblem(): Problem {
  return {
    id: 'journal-held',
    severity: 'info',
    title: 'Session history is being saved again',
    message: 'The events that were kept in memory have been saved, and are sent to hooks.',
  };
}

export function droppedProblem(): Problem {
  return {
    id: 'journal-dropped',
    severity: 'warning',
    title: 'Session history has gaps',
    message:
      'It could not be saved for so long that details were discarded to limit memory use. All starts and ends of sessions are kept.',
  };
}

export function workerProblem(): Problem {
  return {
    id: 'journal-thread',
    severity: 'error',
    title: 'Session history and hooks do not work',
    message:
      'The part of Sandglass that saves the history keeps failing, and is restarted each time. Sessions continue. ' +
      'The log has the details.',
  };
}
