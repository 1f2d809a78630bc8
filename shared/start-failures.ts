import type { StartStage } from './session.ts';

/** What is known of every failed start of a stage, in sentences; the failure itself has the details. */
export interface StartFailureText {
  /** The headline, in sentence case and without a full stop. */
  readonly title: string;
  readonly explanation: string;
  readonly whatToDo: string;
}

/** Every way a session can fail to start, by the stage it failed at: for the session's card and docs/start-failures.md. */
export const START_FAILURES: Readonly<Record<StartStage, StartFailureText>> = {
  profile: {
    title: 'The profile cannot be used',
    explanation: 'The profile no longer exists, or this machine does not offer what it needs.',
    whatToDo: 'Choose another profile, or edit this one.',
  },
  folder: {
    title: 'The folder cannot be used',
    explanation: 'The profile’s folder does not exist, may not be opened, or cannot be shown to the sandbox.',
    whatToDo: 'Choose another folder in the profile.',
  },
  shell: {
    title: 'The shell cannot be used',
    explanation: 'The profile’s shell was not found, or is not a program that you may run.',
    whatToDo: 'Enter another shell in the profile, or leave it empty for the default.',
  },
  recording: {
    title: 'The recording could not begin',
    explanation: 'The recording could not be created, and no session starts without one.',
    whatToDo: 'Free disk space, or make sure that the folder of recordings can be written to.',
  },
  credentials: {
    title: 'A credential is missing',
    explanation: 'A credential that the profile requires could not be fetched or passed on.',
    whatToDo: 'Make sure its command, file or stored secret has a value.',
  },
  spawn: {
    title: 'The shell could not be started',
    explanation: 'The system refused to start the shell.',
    whatToDo: 'Try again. The log file has the details.',
  },
  sandbox: {
    title: 'The sandbox could not be set up',
    explanation: 'This machine does not offer what the profile’s isolation needs.',
    whatToDo: 'Install what is missing, or choose a weaker isolation in the profile.',
  },
  engine: {
    title: 'The container engine cannot be reached',
    explanation: 'Docker or Podman does not answer.',
    whatToDo: 'Start it, and try again.',
  },
  image: {
    title: 'The image cannot be used',
    explanation: 'The image does not exist here and may not be pulled, or it does not suit this machine.',
    whatToDo: 'Correct the image in the profile, or allow pulling it.',
  },
  pull: {
    title: 'The image could not be pulled',
    explanation: 'The registry could not be reached, or refused the image.',
    whatToDo: 'Check the network and the image’s name, sign in to the registry if it is private, and try again.',
  },
  create: {
    title: 'The container could not be created',
    explanation: 'The container engine refused the container.',
    whatToDo: 'Read the engine’s message, and correct the profile.',
  },
  start: {
    title: 'The container did not start',
    explanation: 'The container was created, but its shell did not start.',
    whatToDo: 'Make sure the image has the shell that the profile names.',
  },
  attach: {
    title: 'The terminal could not be connected',
    explanation: 'The session runs, but its terminal could not be reached.',
    whatToDo: 'Open a new session.',
  },
  aborted: {
    title: 'The start was cancelled',
    explanation: 'The session was closed before it had started.',
    whatToDo: 'Open a new session.',
  },
};
