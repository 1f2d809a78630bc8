import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type * as z from 'zod';
import { describeDuration } from '../../shared/duration.ts';
import { messageOf } from '../../shared/error-message.ts';
import { type Policy, type Problem, policySchema } from '../../shared/settings.ts';
import type { PolicyState } from './settings-store.ts';

/** What is wrong with the policy, as problems name it. */
const PROBLEM = { id: 'policy-unreadable', severity: 'error', title: 'The policy file cannot be used' } as const;

/** Far above any policy there can be; what is longer is some other file. */
const MAX_POLICY_BYTES = 65_536;

/** The policy in force without any file: the shortest timeout is a minute, nothing else is capped. */
export const BUILT_IN_POLICY: Policy = policySchema.parse({});

/**
 * Reads the administrator's policy: the system's file, or, only where there is none, the one that
 * `SANDGLASS_POLICY_FILE` names by its absolute path. Without either, the built-in policy holds.
 * A file that is there but cannot be read or understood gives `ok: false`: never a looser policy than was meant.
 */
export function readPolicy(
  systemFile: string,
  env: Readonly<Record<string, string | undefined>>,
  read: (file: string) => string = readPolicyText,
): PolicyState {
  const system = readPolicyFile(systemFile, read);
  if (system !== null) return system;
  const named = env.SANDGLASS_POLICY_FILE ?? '';
  if (named === '') return { ok: true, policy: BUILT_IN_POLICY, file: null };
  if (!isAbsolute(named)) {
    return refuse(named, 'SANDGLASS_POLICY_FILE must be an absolute path');
  }
  const own = readPolicyFile(named, read) ?? refuse(named, 'SANDGLASS_POLICY_FILE names a file that is not there');
  return own.ok ? { ...own, isOwn: true } : own;
}

/** Null: there is no such file. */
function readPolicyFile(file: string, read: (file: string) => string): PolicyState | null {
  let content: unknown;
  try {
    content = JSON.parse(read(file).replace(/^\uFEFF/, ''));
  } catch (error) {
    if (isMissing(error)) return null;
    return refuse(file, messageOf(error));
  }
  const parsed = policySchema.safeParse(content);
  if (!parsed.success) return refuse(file, parsed.error.issues.map(describeIssue).join('; '));
  const conflict = findConflict(parsed.data);
  return conflict === null ? { ok: true, policy: parsed.data, file } : refuse(file, conflict);
}

function readPolicyText(file: string): string {
  const { size } = statSync(file);
  if (size > MAX_POLICY_BYTES) throw new Error(`it has ${size} bytes; a policy has at most ${MAX_POLICY_BYTES}`);
  return readFileSync(file, 'utf8');
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOENT' || error.code === 'ENOTDIR';
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.');
  return field === '' ? issue.message : `${field}: ${issue.message}`;
}

function findConflict(policy: Policy): string | null {
  for (const name of ['maxIdleTimeoutSeconds', 'maxMaxDurationSeconds'] as const) {
    const longest = policy[name];
    if (longest !== undefined && longest < policy.minimumTimeoutSeconds) {
      return `${name} (${describeDuration(longest)}) is less than minimumTimeoutSeconds (${describeDuration(policy.minimumTimeoutSeconds)})`;
    }
  }
  return null;
}

function refuse(file: string, why: string): PolicyState {
  const message = `The policy file ${file} cannot be used: ${why}. No session can start until it is corrected.`;
  return { ok: false, file, why, message };
}

/** The files that may hold the policy, the administrator's first. */
export function policyFiles(systemFile: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const named = env.SANDGLASS_POLICY_FILE ?? '';
  return isAbsolute(named) ? [systemFile, named] : [systemFile];
}

/** Where a rule comes from, for people: “policy /etc/sandglass/policy.json”. */
export function policySource({ file, isOwn }: { readonly file: string | null; readonly isOwn?: true }): string {
  if (file === null) return 'built-in policy';
  return isOwn === true ? `your own policy ${file}` : `policy ${file}`;
}

/** The policy as who forbids something: “The administrator’s policy (/etc/sandglass/policy.json)”. */
export function policyOwner({ file, isOwn }: { readonly file: string | null; readonly isOwn?: true }): string {
  if (file === null) return 'The built-in policy';
  return isOwn === true ? `Your own policy (${file})` : `The administrator’s policy (${file})`;
}

/** The problem to show for a policy that cannot be used; null when it can. */
export function policyProblem(state: PolicyState): Problem | null {
  if (state.ok) return null;
  return { ...PROBLEM, message: state.message };
}

/** The policy in force, and what is wrong with its file; null: nothing. */
export interface PolicyInForce {
  readonly state: PolicyState;
  readonly problem: Problem | null;
}

/**
 * The policy after its file was read again while the app runs. A file that can no longer be used leaves the policy that was
 * read from it in force, and so does the removal of the administrator's: neither ever loosens it. A file of the
 * administrator that takes the place of a weaker source and cannot be used lets no session start, as at the start of the app.
 */
export function policyAfter(last: PolicyState, read: PolicyState): PolicyInForce {
  if (!last.ok || last.file === null) return { state: read, problem: policyProblem(read) };
  const isAdministrators = last.isOwn !== true;
  if (isAdministrators && read.file !== last.file) {
    const message = `The policy file ${last.file} is no longer there. What it said stays in force until it is back, or Sandglass is started again.`;
    return { state: last, problem: { ...PROBLEM, message } };
  }
  if (read.ok || read.file !== last.file) return { state: read, problem: policyProblem(read) };
  const message = `The policy file ${last.file} cannot be used: ${read.why}. The policy that was read from it before stays in force until the file is corrected.`;
  return { state: last, problem: { ...PROBLEM, message } };
}
