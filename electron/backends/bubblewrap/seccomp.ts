import { type Condition, ERRNO, RULES, type Rule } from './seccomp-rules.ts';

/** Architectures that there is a filter for, as Node names them. */
const FILTERED_ARCHITECTURES = ['x64', 'arm64'] as const;
export type FilteredArchitecture = (typeof FILTERED_ARCHITECTURES)[number];

/** linux/audit.h */
const AUDIT_ARCH: Readonly<Record<FilteredArchitecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** Set in the number of a call of the x32 ABI, which reaches the same kernel functions by other numbers. */
const X32_BIT = 0x4000_0000;

/** Offsets in `struct seccomp_data` (seccomp(2)). */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

/** What a filter answers (linux/seccomp.h). */
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const fails = (errno: number): number => 0x0005_0000 | errno;

/** Instructions of classic BPF (linux/bpf_common.h): load a word, compare it, answer. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

interface Instruction {
  readonly code: number;
  readonly k: number;
  /** How many instructions to skip if the comparison holds, and if it does not. */
  readonly ifTrue: number;
  readonly ifFalse: number;
}

const load = (offset: number): Instruction => ({ code: LOAD, k: offset, ifTrue: 0, ifFalse: 0 });
const answer = (k: number): Instruction => ({ code: RETURN, k, ifTrue: 0, ifFalse: 0 });
const ifEqual = (k: number, ifTrue: number, ifFalse: number): Instruction => ({ code: IF_EQUAL, k, ifTrue, ifFalse });
const ifAnyBit = (k: number, ifTrue: number, ifFalse: number): Instruction => ({
  code: IF_ANY_BIT,
  k,
  ifTrue,
  ifFalse,
});

/** Whether there is a filter for this architecture. */
export function isFiltered(architecture: string): architecture is FilteredArchitecture {
  return FILTERED_ARCHITECTURES.some((known) => known === architecture);
}

/**
 * The system call filter of a sandbox as a program of classic BPF, in the form that `bwrap --seccomp` and seccomp(2) take.
 * It denies what {@link RULES} lists and allows the rest; programs of another ABI of the processor (32-bit, x32), whose
 * calls have other numbers, are ended or get the error that there is no such call.
 */
export function seccompFilter(architecture: FilteredArchitecture): Uint8Array {
  const program = [load(ARCHITECTURE), ifEqual(AUDIT_ARCH[architecture], 1, 0), answer(KILL_PROCESS), load(NUMBER)];
  if (architecture === 'x64') program.push(ifAnyBit(X32_BIT, 0, 1), answer(fails(ERRNO.ENOSYS)));
  for (const rule of RULES) program.push(...compile(rule, architecture));
  program.push(answer(ALLOW));
  return encode(program);
}

/** Leaves the call's number loaded when the rule does not concern it. */
function compile(rule: Rule, architecture: FilteredArchitecture): Instruction[] {
  const number = rule[architecture];
  if (number === null) return [];
  const verdict = answer(fails(ERRNO[rule.errno]));
  const decision = rule.when === undefined ? [verdict] : [...decide(rule.when, verdict), answer(ALLOW)];
  return [ifEqual(number, 0, decision.length), ...decision];
}

/** Gives the verdict if the condition holds, else continues after the last instruction. */
function decide(condition: Condition, verdict: Instruction): Instruction[] {
  // Little-endian: the lower half comes first.
  const value = load(argument(condition.arg));
  if ('anyOf' in condition) return [value, ifAnyBit(condition.anyOf, 0, 1), verdict];
  if ('isOneOf' in condition) {
    const { isOneOf: values } = condition;
    const tests = values.map((k, index) => ifEqual(k, values.length - 1 - index, index === values.length - 1 ? 1 : 0));
    return [value, ...tests, verdict];
  }
  const { isNoneOf: values } = condition;
  return [value, ...values.map((k, index) => ifEqual(k, values.length - index, 0)), verdict];
}

/** `struct sock_filter` each, in the byte order of both architectures. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, k, ifTrue, ifFalse }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}
