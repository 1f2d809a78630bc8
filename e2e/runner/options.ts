import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, type ProfileOf } from '../../shared/profile.ts';
import { engine } from './containers.ts';

/** What a test may ask of the app it gets, with `test.use`. */
export interface RunnerOptions {
  /** Which host runs the app; set by the project. */
  hostKind: 'web' | 'desktop';
  /** The content of the policy file. Short limits are allowed unless a test says otherwise. */
  policy: Record<string, unknown>;
  /** The settings file: sections that are laid over those of all tests; a string is written as it is. */
  settings: Record<string, unknown> | string;
  /** What this machine lacks for the test, which is then skipped; an empty text where it lacks nothing. */
  needs: string;
  /** Variables of the app's environment. */
  environment: Record<string, string>;
  /** Whether the app finds a hook at its start that writes down what it is told. */
  tellsHook: boolean;
}

/** The prompt of the shells that tests run. */
export const PROMPT = 'sandglass$';

/** A bash without anybody's start-up files. */
export const LOCAL_PROFILE = {
  id: 'local',
  name: 'Local shell',
  backend: 'pty',
  shell: '/bin/bash',
  args: ['--noprofile', '--norc'],
  environment: { PS1: `${PROMPT} `, HISTFILE: '' },
  limits: {},
  recording: 'on',
} as const;

/** The same bash in a sandbox. */
export const SANDBOX_PROFILE: ProfileOf<'bubblewrap'> = {
  ...LOCAL_PROFILE,
  args: [...LOCAL_PROFILE.args],
  credentials: [],
  id: 'sandbox',
  name: 'Sandbox',
  backend: 'bubblewrap',
  bubblewrap: DEFAULT_BUBBLEWRAP,
};

/** The same bash in a container, from the image that tests have. */
export const CONTAINER_PROFILE: ProfileOf<'docker'> = {
  ...LOCAL_PROFILE,
  args: [...LOCAL_PROFILE.args],
  credentials: [],
  id: 'container',
  name: 'Container',
  backend: 'docker',
  container: { ...DEFAULT_CONTAINER, image: engine.ok ? engine.image : 'none', pull: 'never' },
};

/** A container whose image is not there and may not be pulled. */
export const NO_IMAGE_PROFILE: ProfileOf<'docker'> = {
  ...CONTAINER_PROFILE,
  id: 'no-image',
  name: 'Nowhere',
  container: { ...CONTAINER_PROFILE.container, image: 'sandglass.invalid/nowhere:none' },
};

/** A profile whose shell is not there. */
export const BROKEN_PROFILE = {
  ...LOCAL_PROFILE,
  id: 'broken',
  name: 'Broken shell',
  shell: '/nowhere/shell',
} as const;

/** Time limits for a settings file; the first two in seconds. */
export function limits(
  idleTimeoutSeconds: number,
  maxDurationSeconds: number,
  others: Record<string, unknown> = {},
): Record<string, unknown> {
  // Typing alone counts, so that what a test runs does not keep its session open.
  const activity = ['input'];
  return { limits: { local: { idleTimeoutSeconds, maxDurationSeconds }, activity, warnBeforeSeconds: [], ...others } };
}
