import type { StartProgress, StartStage } from '../../shared/session.ts';

/** What a failed start is called, by the stage it failed at. */
export const FAILED_STAGES: Readonly<Record<StartStage, string>> = {
  profile: 'The profile cannot be used',
  folder: 'The folder cannot be used',
  shell: 'The shell cannot be used',
  recording: 'The recording could not begin',
  credentials: 'A credential is missing',
  spawn: 'The shell could not be started',
  sandbox: 'The sandbox could not be set up',
  engine: 'The container engine cannot be reached',
  image: 'The image cannot be used',
  pull: 'The image could not be pulled',
  create: 'The container could not be created',
  start: 'The container did not start',
  attach: 'The terminal could not be connected',
  aborted: 'The start was cancelled',
};

/** What a start that has not told anything yet is doing. */
export const NO_PROGRESS: StartProgress = { stage: 'spawn', message: 'Starting…', detail: '', fraction: null };

/**
 * Changes whenever there is something worth saying aloud: another step, and each quarter of a long one. Layers and
 * bytes change far too often for that.
 */
export function milestone({ stage, message, fraction }: StartProgress): string {
  return JSON.stringify([stage, message, fraction === null ? null : Math.floor(fraction * 4)]);
}

/** What is said aloud at a milestone: “Pulling debian:bookworm-slim, 50 percent”. */
export function spoken({ message, fraction }: StartProgress): string {
  const quarters = fraction === null ? 0 : Math.floor(fraction * 4);
  return quarters === 0 ? message : `${message}, ${quarters * 25} percent`;
}
