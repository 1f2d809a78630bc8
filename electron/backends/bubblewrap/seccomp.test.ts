import { describe, expect, test } from 'vitest';
import { type FilteredArchitecture, isFiltered, seccompFilter } from './seccomp.ts';
import { ERRNO, RULES } from './seccomp-rules.ts';

const FILTERED_ARCHITECTURES = ['x64', 'arm64'] as const;

const ALLOW = 0x7fff_0000;
const fails = (name: keyof typeof ERRNO): number => 0x0005_0000 | ERRNO[name];
const AUDIT_ARCH = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
const I386 = 0x4000_0003;

interface Call {
  readonly number: number;
  readonly args?: readonly number[];
  readonly architecture?: number;
}

/** A kernel in small: runs the program over one call, with the checks that the kernel makes before it accepts one. */
function run(program: Uint8Array, architecture: FilteredArchitecture, call: Call): number {
  const code = Buffer.from(program);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture ?? AUDIT_ARCH[architecture], 4);
  // The upper half of each argument is filled, as a program could, to get past a filter that reads it.
  for (const [index, value] of (call.args ?? []).entries()) {
    data.writeUInt32LE(value >>> 0, 16 + 8 * index);
    data.writeUInt32LE(0xdead_beef, 20 + 8 * index);
  }
  const length = code.length / 8;
  let accumulator = 0;
  for (let at = 0; at < length; at += 1) {
    const k = code.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean): number => code.readUInt8(at * 8 + (holds ? 2 : 3));
    switch (code.readUInt16LE(at * 8)) {
      case 0x20:
        expect(k % 4).toBe(0);
        accumulator = data.readUInt32LE(k);
        break;
      case 0x15:
        at += jump(accumulator === k);
        break;
      case 0x45:
        at += jump((accumulator & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`Instruction ${at} is none of a filter`);
    }
  }
  throw new Error('The program has no end');
}

describe.each(FILTERED_ARCHITECTURES)('the filter of %s', (architecture) => {
  const program = seccompFilter(architecture);
  const verdict = (call: Call): number => run(program, architecture, call);
  const numberOf = (name: string): number => {
    const number = RULES.find((rule) => rule.name === name)?.[architecture];
    if (number === undefined || number === null) throw new Error(`No rule for ${name}`);
    return number;
  };

  test('denies every call of the list', () => {
    for (const rule of RULES) {
      const number = rule[architecture];
      if (number === null || rule.when !== undefined) continue;
      expect([rule.name, verdict({ number })]).toEqual([rule.name, fails(rule.errno)]);
    }
  });

  test('allows every call that is not in the list', () => {
    const denied = new Set(RULES.map((rule) => rule[architecture]));
    for (let number = 0; number < 600; number += 1) {
      if (!denied.has(number)) expect([number, verdict({ number })]).toEqual([number, ALLOW]);
    }
  });

  test.each([
    ['ioctl', 'typing into the terminal', [0, 0x5412], 'EPERM'],
    ['ioctl', 'pasting on a console', [0, 0x541c], 'EPERM'],
    ['ioctl', 'the size of the terminal', [0, 0x5413], null],
    ['clone', 'a user namespace', [0x1000_0011], 'EPERM'],
    ['clone', 'a mount namespace', [0x0002_0011], 'EPERM'],
    ['clone', 'a thread', [0x003d_0f00], null],
    ['clone', 'a process', [0x0120_0011], null],
    ['unshare', 'a user namespace', [0x1000_0000], 'EPERM'],
    ['unshare', 'a time namespace', [0x80], 'EPERM'],
    ['unshare', 'its own file table', [0x400], null],
    ['socket', 'vsock', [40], 'EAFNOSUPPORT'],
    ['socket', 'packets', [17], 'EAFNOSUPPORT'],
    ['socket', 'Unix', [1], null],
    ['socket', 'IPv6', [10], null],
    ['socket', 'netlink', [16], null],
    ['personality', 'a query', [0xffff_ffff], null],
    ['personality', 'Linux', [0], null],
    ['personality', 'no random addresses', [0x4_0000], 'EPERM'],
  ] as const)('%s for %s: %j is %s', (name, _what, args, errno) => {
    expect(verdict({ number: numberOf(name), args })).toBe(errno === null ? ALLOW : fails(errno));
  });

  test('ends a program that calls by another ABI', () => {
    expect(verdict({ number: 0, architecture: I386 })).toBe(0x8000_0000);
  });

  test('is short enough for the kernel', () => {
    expect(program.length % 8).toBe(0);
    expect(program.length / 8).toBeLessThan(4096);
  });
});

test('calls of the x32 ABI do not exist', () => {
  expect(run(seccompFilter('x64'), 'x64', { number: 0x4000_0000 + 165 })).toBe(fails('ENOSYS'));
  expect(run(seccompFilter('x64'), 'x64', { number: 0xffff_ffff })).toBe(fails('ENOSYS'));
});

test('other architectures have no filter', () => {
  expect(isFiltered('riscv64')).toBe(false);
  expect(isFiltered(process.arch)).toBe(true);
});
