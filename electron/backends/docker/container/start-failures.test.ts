import { describe, expect, test } from 'vitest';
import type { StartStage } from '../../../../shared/session.ts';
import { EngineRefusal, EngineTimeout } from '../client/engine-errors.ts';
import { droppedLimits, explainStage, type StageFacts, sandboxFailure } from './start-failures.ts';

const FACTS: StageFacts = {
  stage: 'start',
  image: 'debian:12',
  user: 'node',
  network: 'mine',
  runtime: 'runsc',
  shell: 'zsh',
  folder: '/home/me/project',
};

describe('what an engine says of a stage is explained', () => {
  test.each<[StartStage, string, string]>([
    ['image', 'The image debian:12 is no longer available', 'No such image: debian:12'],
    ['start', 'The engine has no runtime runsc', 'Unknown runtime specified runsc'],
    ['start', 'The engine has no runtime runsc', 'unknown or invalid runtime name: runsc'],
    [
      'start',
      'The image debian:12 has no user for node',
      'unable to find user node: no matching entries in passwd file',
    ],
    ['start', 'The image debian:12 has no group for node', 'unable to find group x: no matching entries in group file'],
    ['start', 'The engine has no network mine', 'network mine not found'],
    [
      'folder',
      'The engine does not see the folder /home/me/project',
      'invalid mount config for type "bind": bind source path does not exist: /home/me/project',
    ],
    [
      'folder',
      'The engine may not use the folder /home/me/project',
      'Mounts denied: The path /home/me/project is not shared from the host',
    ],
    [
      'shell',
      'The image debian:12 cannot run zsh',
      'OCI runtime create failed: exec: "zsh": executable file not found in $PATH: unknown',
    ],
    ['shell', 'The image debian:12 does not say what to run', 'No command specified'],
    ['start', 'The engine’s disk is full', 'write /var/lib/docker/x: no space left on device'],
    [
      'sandbox',
      'The engine cannot keep the limits of the profile: cgroups: cannot find cgroup mount destination',
      'cgroups: cannot find cgroup mount destination',
    ],
    [
      'sandbox',
      'The engine cannot isolate the container as the profile asks: seccomp is not supported',
      'seccomp is not supported',
    ],
    ['start', 'The engine did not start the container: something new', 'something new'],
    ['start', 'The engine did not start the container: it answered 500', ''],
  ])('%s: %s', (stage, message, reason) => {
    const failure = explainStage(new EngineRefusal(500, reason), FACTS);
    expect(failure).toMatchObject({ stage, message });
    expect(failure.hint).toMatch(/\.$/);
  });

  test('and so is its silence, and a connection that breaks', () => {
    expect(explainStage(new EngineTimeout('x'), { ...FACTS, stage: 'create' })).toMatchObject({
      stage: 'create',
      message: 'The engine did not create the container: it is not responding',
    });
    expect(explainStage(new Error('socket \u001b[31mhang up'), { ...FACTS, stage: 'attach' }).message).toBe(
      'The engine did not attach to the container’s terminal: socket [31mhang up',
    );
  });
});

test('limits that an engine drops are distinguished from other warnings; swap is for the badge', () => {
  const dropped =
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.';
  const swap =
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.';
  expect(droppedLimits([dropped, swap, 'The requested image’s platform does not match'])).toEqual([dropped]);
  expect(sandboxFailure(['One thing', 'Another'])).toMatchObject({ stage: 'sandbox', message: 'One thing. Another' });
});
