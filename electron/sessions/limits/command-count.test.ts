import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle, TestClock } from '../testing/test-clock.ts';
import { CommandCount } from './command-count.ts';

const POLL_MS = 500;
const C = '\x1b]133;C\x07';
const D = '\x1b]133;D;0\x07';
const A = '\x1b]133;A\x07';

function countWith(limit = 0, before = 0) {
  const clock = new TestClock();
  const log: string[] = [];
  const rules = { limit, isShell: true };
  const count = new CommandCount(clock, {
    before,
    limit: () => rules.limit,
    isShellInFront: async () => rules.isShell,
    onChange: () => log.push('change'),
    onLimit: () => log.push('limit'),
    onError: (error) => log.push(String(error)),
  });
  return {
    clock,
    count,
    log,
    rules,
    print: (text: string) => count.output(Buffer.from(text, 'latin1')),
    type: (text: string, atPrompt = true) => count.input(Buffer.from(text), atPrompt),
    limits: () => log.filter((entry) => entry === 'limit').length,
  };
}

describe('commands', () => {
  it('are counted by the marks of shell integration, whichever program sends them', () => {
    const { count, print } = countWith();
    print(`${A}$ ${C}file\r\n${D}${A}`);
    expect(count.state).toEqual({ used: 1, source: 'marks' });
    print('\x1b]633;E;ls;nonce\x07\x1b]633;C\x07\x1b]633;D;0\x07\x1b]633;E;pwd\x07\x1b]633;C\x07');
    expect(count.state).toEqual({ used: 2, source: 'marks' });
  });

  it('are not counted twice by a shell that marks them in both ways, or marks their text late or alone', () => {
    const { count, print } = countWith();
    print(`\x1b]633;E;ls\x07${C}\x1b]633;C\x07${D}\x1b]633;D\x07`);
    expect(count.state.used).toBe(1);
    print(`${C}\x1b]133;E;ls\x07${D}`);
    expect(count.state.used).toBe(2);
    print(`\x1b]133;E;ls\x07${D}`);
    expect(count.state.used).toBe(3);
  });

  it('go on from those of an earlier run of the app, however they are counted now', () => {
    const { count, print, type, limits } = countWith(5, 3);
    expect(count.state).toEqual({ used: 3, source: 'lines' });
    type('ls\r');
    expect(count.state).toEqual({ used: 4, source: 'lines' });
    print(C + D + C + D);
    expect(count.state).toEqual({ used: 5, source: 'marks' });
    expect(limits()).toBe(1);
  });

  it('are counted where only their beginning is marked', () => {
    const { count, print } = countWith();
    print(C + C + C);
    expect(count.state.used).toBe(3);
  });

  it('are counted by submitted lines where there are no marks', () => {
    const { count, type } = countWith();
    type('ls\rpwd\r\r');
    expect(count.state).toEqual({ used: 2, source: 'lines' });
  });

  it('are at least as many as the lines submitted at the prompt, whatever marks say', () => {
    const { count, print, type } = countWith();
    print(`${A}${C}${D}`);
    type('a\rb\r');
    expect(count.state).toEqual({ used: 2, source: 'lines' });
    print(C + D + C + D);
    expect(count.state).toEqual({ used: 3, source: 'marks' });
  });

  it('are not what is typed into a running program, unless that had just ended', async () => {
    const { count, rules, type } = countWith(5);
    rules.isShell = false;
    type('text for vim\r', false);
    await settle();
    expect(count.state.used).toBe(0);
    rules.isShell = true;
    type('ls\r', false);
    await settle();
    expect(count.state.used).toBe(1);
  });

  it('are notified of now and then, not each', async () => {
    const { clock, count, log, print } = countWith();
    print(C.repeat(1_000));
    expect(log).toEqual([]);
    await clock.advance(1_000);
    expect(log).toEqual(['change']);
    expect(clock.timers).toBe(0);
    print(C);
    count.stop();
    expect(clock.timers).toBe(0);
  });
});

describe('the last command', () => {
  it('may finish: its end is marked', () => {
    const { limits, print, type } = countWith(2);
    print(A);
    type('a\r');
    print(`${C}${D}${A}`);
    expect(limits()).toBe(0);
    type('b\r');
    print(`${C}output`);
    expect(limits()).toBe(0);
    print(D);
    expect(limits()).toBe(1);
  });

  it('has ended at the next prompt where nothing else marks its end', () => {
    const { limits, print } = countWith(1);
    print(`${A}${C}output`);
    expect(limits()).toBe(0);
    print(A);
    expect(limits()).toBe(1);
  });

  it('is not ended by the late prompt of the one before it', async () => {
    const { clock, limits, print, type } = countWith(2);
    print(`${A}${C}`);
    type('b\r');
    type('c\r', false);
    print(`${D}${A}`);
    expect(limits()).toBe(0);
    print(C);
    await clock.advance(10 * POLL_MS);
    expect(limits()).toBe(0);
    print(D);
    expect(limits()).toBe(1);
  });

  it('has ended when the shell stands at its prompt and nothing is printed, without marks', async () => {
    const { clock, limits, print, rules, type } = countWith(1);
    type('make\r');
    print('make\r\n');
    rules.isShell = false;
    await clock.advance(20 * POLL_MS);
    expect(limits()).toBe(0);
    print('done\r\n');
    rules.isShell = true;
    print('$ ');
    await clock.advance(POLL_MS);
    expect(limits()).toBe(0);
    await clock.advance(POLL_MS);
    expect(limits()).toBe(1);
  });

  it('is followed by no other: that is not passed on', () => {
    const { limits, type } = countWith(1);
    expect(type('a\r')).toBe(2);
    expect(type('b')).toBe(1);
    expect(limits()).toBe(0);
    expect(type('\r')).toBeNull();
    expect(limits()).toBe(1);
  });

  it('of a paste is the last line of it that is passed on', () => {
    const { limits, type } = countWith(2);
    expect(type('a\rb\rc\rd\r')).toBe(4);
    expect(limits()).toBe(0);
    expect(type('c\r')).toBeNull();
  });

  it('takes the input that is typed while it runs', async () => {
    const { limits, rules, type } = countWith(1);
    type('python\r');
    rules.isShell = false;
    expect(type('1 + 1\r', false)).toBe(6);
    await settle();
    expect(limits()).toBe(0);
    rules.isShell = true;
    type('ls\r', false);
    await settle();
    expect(limits()).toBe(1);
  });

  it('is one that a program only pretends has begun, but never hides others', async () => {
    const { clock, limits, print, type } = countWith(2);
    print(A + C);
    type('a\r');
    await clock.advance(20 * POLL_MS);
    type('b\r');
    await clock.advance(20 * POLL_MS);
    expect(limits()).toBe(0);
    expect(type('c\r')).toBeNull();
    expect(limits()).toBe(1);
  });

  it('may be another one when the limit changes', async () => {
    const { clock, count, limits, rules, type } = countWith();
    type('a\rb\rc\r');
    rules.limit = 2;
    rules.isShell = false;
    count.check();
    await clock.advance(10 * POLL_MS);
    expect(limits()).toBe(0);
    rules.limit = 10;
    count.check();
    await clock.advance(10 * POLL_MS);
    expect(clock.timers).toBe(0);
    type('d\r');
    rules.limit = 4;
    rules.isShell = true;
    count.check();
    await clock.advance(2 * POLL_MS);
    expect(limits()).toBe(1);
  });

  it('is found when asking failed once', async () => {
    const { clock, limits, log, rules, type } = countWith(1);
    type('a\r');
    Object.defineProperty(rules, 'isShell', {
      configurable: true,
      get: () => {
        Object.defineProperty(rules, 'isShell', { value: true });
        throw new Error('no /proc');
      },
    });
    await clock.advance(3 * POLL_MS);
    expect(log).toContain('Error: no /proc');
    expect(limits()).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('is the last that a shell gets to see, whatever is typed and whatever a program prints', async () => {
    const typed = fc.record({
      type: fc.constantFrom('a', 'ls\r', 'x\ry\rz\r', '\r', '\x1b[200~a\rb\x1b[201~', '\x03'),
    });
    const printed = fc.record({ print: fc.constantFrom(A, C, D, 'text', '\x1b]633;E;x\x07', '\x1b]633;D\x07') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(typed, printed), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (actions, limit) => {
          const { clock, count, limits, print, type } = countWith(limit);
          let seen = '';
          for (const action of actions) {
            if (limits() > 0) break;
            if ('print' in action) print(action.print);
            else seen += action.type.slice(0, type(action.type) ?? 0);
            if (limits() === 0) expect(count.state.used).toBeLessThanOrEqual(limit);
          }
          const lines = seen
            // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal sends
            .replaceAll(/\x1b\[20[01]~/g, '')
            .split('\r')
            .slice(0, -1)
            .filter((line) => line.split('\x03').at(-1) !== '');
          expect(lines.length).toBeLessThanOrEqual(limit);
          count.stop();
          await settle();
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});
