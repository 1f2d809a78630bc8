import type { StartFailure, StartStage } from '../../../../shared/session.ts';
import { EngineRefusal, EngineTimeout } from '../client/engine-errors.ts';
import { oneLine } from '../client/engine-text.ts';

/** What is known of the container when a stage fails. */
export interface StageFacts {
  readonly stage: 'create' | 'start' | 'attach';
  readonly image: string;
  readonly user: string;
  readonly network: string;
  readonly runtime: string | null;
  readonly shell: string | null;
  readonly folder: string | null;
}

/** What a reason of an engine means: the first that fits counts. */
interface Meaning {
  readonly pattern: RegExp;
  /** Where another stage than the one that failed is to blame. */
  readonly stage?: StartStage;
  message(facts: StageFacts, reason: string): string;
  readonly hint: string;
}

/** Reasons of Docker, Podman and runc, which are no part of their interface: what fits none is shown as it is. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /no such image|image not known/i,
    stage: 'image',
    message: ({ image }) => `The image ${image} is no longer available`,
    hint: 'Pull it again, or choose another image in the profile.',
  },
  {
    pattern: /unknown (or invalid )?runtime|invalid runtime|runtime "?[\w.-]+"? not found/i,
    message: ({ runtime }) => `The engine has no runtime ${runtime ?? 'of that name'}`,
    hint: 'Choose one of the engine’s runtimes in the profile, or leave it empty.',
  },
  {
    pattern: /unable to find (user|group)|no matching entries in (passwd|group)|no users found|unknown user/i,
    message: ({ image, user }, reason) =>
      `The image ${image} has no ${/group/i.test(reason) && !/user/i.test(reason) ? 'group' : 'user'} for ${user}`,
    hint: 'Write the user as numbers, such as 1000:1000, or choose one that the image has.',
  },
  {
    pattern: /network .*not found|unable to find network|no such network/i,
    message: ({ network }) => `The engine has no network ${network}`,
    hint: 'Choose one of the engine’s networks in the profile, or none.',
  },
  {
    pattern: /bind source path does not exist|statfs .*no such file|mount source .*no such file/i,
    stage: 'folder',
    message: ({ folder }) => `The engine does not see the folder ${folder ?? ''}`,
    hint: 'Share it with the engine (Docker Desktop: Settings, Resources, File sharing), or choose another folder.',
  },
  {
    pattern: /mounts denied|not shared from the host|path .*is not shared/i,
    stage: 'folder',
    message: ({ folder }) => `The engine may not use the folder ${folder ?? ''}`,
    hint: 'Share it with the engine (Docker Desktop: Settings, Resources, File sharing), or choose another folder.',
  },
  {
    pattern: /not a directory|duplicate mount|invalid mount|cannot mkdir|read-only file system/i,
    message: (_, reason) => `The folder cannot be mounted: ${reason}`,
    hint: 'Choose another place in the container for it in the profile.',
  },
  {
    pattern: /no command specified|no command or entrypoint/i,
    stage: 'shell',
    message: ({ image }) => `The image ${image} does not say what to run`,
    hint: 'Name a shell in the profile.',
  },
  {
    pattern: /executable file .*not found|exec:? .*no such file or directory|exec .*permission denied/i,
    stage: 'shell',
    message: ({ image, shell }) => `The image ${image} cannot run ${shell ?? 'its command'}`,
    hint: 'Name a shell in the profile that the image has, such as /bin/sh.',
  },
  {
    pattern: /no space left|disk quota|not enough (disk )?space/i,
    message: () => 'The engine’s disk is full',
    hint: 'Make room, for example with “docker system prune”, and try again.',
  },
  {
    pattern: /minimum memory limit/i,
    message: (_, reason) => `The memory limit is too low for the engine: ${reason}`,
    hint: 'Give the profile more memory.',
  },
  {
    pattern: /range of cpus/i,
    message: (_, reason) => `The engine does not have that many CPUs: ${reason}`,
    hint: 'Give the profile fewer CPUs.',
  },
  {
    pattern: /capabilit/i,
    message: (_, reason) => `The engine does not know a capability of the profile: ${reason}`,
    hint: 'Correct the capabilities in the profile.',
  },
  {
    pattern: /cgroup|pids limit|rlimit/i,
    stage: 'sandbox',
    message: (_, reason) => `The engine cannot keep the limits of the profile: ${reason}`,
    hint: 'Let the engine use cgroups (for rootless engines: cgroup v2 with delegation), or remove the limits from the profile.',
  },
  {
    pattern: /seccomp|apparmor|selinux|no.?new.?privileges|operation not permitted/i,
    stage: 'sandbox',
    message: (_, reason) => `The engine cannot isolate the container as the profile asks: ${reason}`,
    hint: 'Check what the engine and its kernel allow, or loosen the profile.',
  },
  {
    pattern: /catatonit|docker-init|container-init/i,
    message: (_, reason) => `The engine has no init process for containers: ${reason}`,
    hint: 'Install docker-init (tini), or catatonit for Podman.',
  },
];

const STAGE_MESSAGES = {
  create: 'The engine did not create the container',
  start: 'The engine did not start the container',
  attach: 'The engine did not attach to the container’s terminal',
} as const;

/** What went wrong at a stage, for a person. */
export function explainStage(error: unknown, facts: StageFacts): StartFailure {
  const { stage } = facts;
  if (error instanceof EngineRefusal) {
    const meaning = MEANINGS.find(({ pattern }) => pattern.test(error.reason));
    if (meaning !== undefined)
      return { stage: meaning.stage ?? stage, message: meaning.message(facts, error.reason), hint: meaning.hint };
    const reason = error.reason === '' ? `it answered ${error.status}` : error.reason;
    return {
      stage,
      message: `${STAGE_MESSAGES[stage]}: ${reason}`,
      hint: 'Check the profile and the engine’s own log.',
    };
  }
  if (error instanceof EngineTimeout || (error instanceof Error && error.name === 'TimeoutError')) {
    const hint = 'It may be overloaded. Try again. If the problem continues, restart the engine.';
    return { stage, message: `${STAGE_MESSAGES[stage]}: it is not responding`, hint };
  }
  const reason = error instanceof Error ? oneLine(error.message) : 'no reason given';
  const hint = 'Check whether the engine runs, and try again.';
  return { stage, message: `${STAGE_MESSAGES[stage]}: ${reason}`, hint };
}

/** The engine took the container, but not what was asked of it. */
export function sandboxFailure(reasons: readonly string[]): StartFailure {
  return {
    stage: 'sandbox',
    message: reasons.join('. '),
    hint: 'Enable it in the engine’s kernel (“docker info” lists what is missing), or remove it from the profile.',
  };
}

/** A limit that the engine says it drops, as it says it; empty when it drops none. Swap is shown on the badge instead. */
export function droppedLimits(warnings: readonly string[]): string[] {
  return warnings.filter(
    (warning) => /discarded|not support|not mounted|ignored/i.test(warning) && !/swap/i.test(warning),
  );
}

/** The profile names a shell that the image does not have. */
export function missingShell(shell: string, image: string): StartFailure {
  return {
    stage: 'shell',
    message: `The image ${image} has no ${shell}`,
    hint: 'Name a shell in the profile that the image has, such as /bin/sh.',
  };
}

/** A start that was cancelled. */
export const ABORTED: StartFailure = {
  stage: 'aborted',
  message: 'The start was cancelled',
  hint: 'Open a new session.',
};
