import { describeRunning, type RunningSession } from '../../../shared/running.ts';

export interface QuitSteps {
  readonly liveSessions: () => number;
  /** Asks the user whether to end that many sessions. */
  readonly ask: (sessions: number) => Promise<boolean>;
  /** Ends everything in order. */
  readonly end: () => Promise<void>;
  /** Leaves the process. */
  readonly exit: (code: number) => void;
  readonly failed: (error: unknown) => void;
}

export interface QuitSequence {
  /** The user wants to quit: asks once when sessions run. While it is asked or quitting, further wishes do nothing. */
  request(): void;
  /** Quits in order without asking: by a signal, or because the machine shuts down. */
  force(exitCode?: number): void;
  /** Nothing may be kept open any more. */
  readonly quitting: boolean;
}

/** From the wish to quit to the end of the process. */
export function createQuitSequence(steps: QuitSteps): QuitSequence {
  let asking = false;
  let quitting = false;

  const force = (exitCode = 0): void => {
    if (quitting) return;
    quitting = true;
    steps
      .end()
      .catch(steps.failed)
      .finally(() => steps.exit(exitCode));
  };
  const askFirst = async (sessions: number): Promise<void> => {
    asking = true;
    try {
      if (await steps.ask(sessions)) force();
    } finally {
      asking = false;
    }
  };
  return {
    request() {
      if (asking || quitting) return;
      const sessions = steps.liveSessions();
      if (sessions === 0) force();
      else askFirst(sessions).catch(steps.failed);
    },
    force,
    get quitting() {
      return quitting;
    },
  };
}

/** The question before quitting, in words. @param running what still runs beside the shells */
export function quitQuestion(
  sessions: number,
  running: readonly RunningSession[],
): { message: string; detail: string; confirm: string } {
  const programs = describeRunning(running);
  const them = sessions === 1 ? '1 session' : `${sessions} sessions`;
  return {
    message: `Quit and end ${them}?`,
    detail: `${programs === null ? '' : `${programs}\n`}What runs in ${sessions === 1 ? 'it' : 'them'} is ended. Recordings are kept.`,
    confirm: `End ${them} and quit`,
  };
}
