import { messageOf } from '../../../shared/error-message.ts';
import type { StartFailure } from '../../../shared/session.ts';
import type { Logger } from '../../base/logger.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import { describeAmount } from '../../processes/resource-limits.ts';
import { failed, type StartCheck } from '../pty/terminal-session.ts';
import { diagnose, type MachineFacts } from './diagnosis.ts';
import { type Expectation, judgeSandbox } from './findings.ts';
import { findSandbox, inspectSandbox } from './inspection.ts';
import { letGo, stubAnswer } from './stub.ts';

/** How long a sandbox may take to come up, in milliseconds. */
const TIMEOUT_MS = 20_000;
/** How long the last output of a sandbox that failed is waited for, in milliseconds. */
const LAST_OUTPUT_MS = 1000;

/** What a check needs besides the sandbox. */
export interface CheckOptions {
  readonly bwrap: string;
  readonly facts: MachineFacts;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Inspects a sandbox from outside before the shell runs in it, and lets the shell run if everything is as it was asked for.
 *
 * @returns why it does not run.
 */
export async function checkSandbox(
  { process: started, channel, cgroups, isContained, earlyOutput }: StartCheck,
  wanted: Omit<Expectation, 'cgroups'>,
  { bwrap, facts, log, signal }: CheckOptions,
): Promise<StartFailure | null> {
  const expected = { ...wanted, cgroups };
  if (channel === null) throw new Error('A sandbox is started with a channel');
  // The other end goes when the sandbox does, which is noticed by other means.
  channel.on('error', () => {});
  try {
    const answer = await stubAnswer(channel, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    if (answer === 'no shell') {
      const hint = 'Choose a shell of the system in the profile, such as /bin/bash.';
      return failed('shell', `${started.command} cannot be run inside the sandbox`, hint).failure;
    }
    if (answer === 'no limits') {
      const hint = 'Raise or remove the limits in the profile.';
      return failed('sandbox', 'The system did not accept the profile’s limits', hint).failure;
    }
    if (answer === null) {
      await withDeadline(started.ended, LAST_OUTPUT_MS, undefined);
      log.warn({ output: earlyOutput() }, 'bubblewrap did not set up a sandbox');
      const { message, hint } = await diagnose(earlyOutput(), bwrap, facts);
      return failed('sandbox', message, hint).failure;
    }
    const { keeper, init, shell } = findSandbox(started.pid);
    // The keeper's children may have been started before it was moved.
    if (!(await isContained) || !(await cgroups.enter([init.pid, shell.pid]))) {
      const hint = 'Try again. The log of the system may say why.';
      return failed('sandbox', 'The sandbox could not be put into its cgroups', hint).failure;
    }
    const found = inspectSandbox({ keeper, init, shell }, wanted.folder?.path ?? null);
    const { items, missing } = judgeSandbox(found, expected);
    if (missing.length > 0) {
      log.warn({ missing }, 'A sandbox is not what was asked for');
      const hint = 'Update bubblewrap, or ask for less in the profile. The session was not started.';
      return failed('sandbox', `The sandbox lacks what the profile asks for: ${missing.join(', ')}`, hint).failure;
    }
    const memory = wanted.limits.find((limit) => limit.controller === 'memory' && limit.place !== 'rlimit');
    const memoryLimit = memory === undefined ? null : describeAmount(memory);
    started.inSandbox({ processes: found.processes, isolation: items, memoryLimit });
    await letGo(channel);
    return null;
  } catch (error) {
    if (signal.aborted) return failed('aborted', 'The start was cancelled', 'Open a new session.').failure;
    log.warn({ err: error, output: earlyOutput() }, 'A sandbox could not be inspected');
    const why = messageOf(error);
    return failed('sandbox', `The sandbox could not be checked: ${why}`, 'Try again. The log has more.').failure;
  }
}
