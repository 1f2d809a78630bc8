import { expect, test } from 'vitest';
import { countPlaywright, countVitest, isGreen, lastLine, type Stage, summarize } from './report.ts';

const skip = (test: string, reason: string | null = null) => ({ test, reason });
const stage = (counts: Partial<Stage>): Stage => ({
  name: 'unit',
  passed: 1,
  failed: 0,
  skipped: [],
  flaky: [],
  failures: [],
  seconds: 1.25,
  ...counts,
});

test('tests of Vitest are counted, and a file that cannot be loaded as one that failed', () => {
  const report = {
    testResults: [
      {
        name: 'a.test.ts',
        status: 'failed',
        assertionResults: [
          { fullName: 'adds', status: 'passed' },
          { fullName: 'subtracts', status: 'failed' },
          { fullName: 'divides', status: 'skipped' },
          { fullName: 'contains', status: 'skipped', meta: { needs: 'no engine' } },
          { fullName: 'hurries', status: 'passed', failureMessages: ['\u001b[31mtoo late\u001b[39m\n at x'], meta: {} },
        ],
      },
      { name: 'broken.test.ts', status: 'failed', assertionResults: [] },
    ],
  };
  expect(countVitest(report)).toEqual({
    passed: 2,
    failed: 2,
    skipped: [
      { test: 'divides', reason: null },
      { test: 'contains', reason: 'no engine' },
    ],
    flaky: [{ test: 'hurries', complaint: 'too late' }],
    failures: ['subtracts', 'broken.test.ts'],
  });
});

test('tests of Playwright are counted by project, with the reason of a skip', () => {
  const once = (projectName: string, status: string, description?: string) => ({
    projectName,
    status,
    annotations: description ? [{ type: 'skip', description }] : [],
  });
  const report = {
    suites: [
      {
        title: 'tabs.spec.ts',
        specs: [{ title: 'opens', tests: [once('web', 'expected'), once('desktop', 'unexpected')] }],
        suites: [
          {
            title: 'closing',
            specs: [
              {
                title: 'asks',
                tests: [
                  { ...once('web', 'flaky'), results: [{ error: { message: 'too late\nat x' } }, {}] },
                  once('web', 'skipped', 'no vim'),
                ],
              },
            ],
          },
        ],
      },
    ],
    errors: [],
  };
  expect(countPlaywright(report, 'web')).toEqual({
    passed: 2,
    failed: 0,
    skipped: [{ test: 'tabs.spec.ts > closing > asks', reason: 'no vim' }],
    flaky: [{ test: 'tabs.spec.ts > closing > asks', complaint: 'too late' }],
    failures: [],
  });
  expect(countPlaywright(report, 'desktop').failures).toEqual(['tabs.spec.ts > opens']);
});

test('an error of Playwright outside a test is a failure', () => {
  expect(countPlaywright({ suites: [], errors: [{ message: 'no such project' }] }, 'web').failed).toBe(1);
});

test('the last line holds the sums, and skips only if there are any', () => {
  expect(lastLine([stage({}), stage({ passed: 4, failed: 2 })])).toBe('5 passed, 2 failed');
  expect(lastLine([stage({ skipped: [skip('e2e')] })])).toBe('1 passed, 0 failed, 1 skipped');
});

test('the summary names what failed and what was skipped, and closes on the last line', () => {
  const text = summarize([stage({ failed: 1, failures: ['adds'], skipped: [skip('desktop', 'no Electron binary')] })]);
  expect(text).toContain('unit: adds');
  expect(text).toContain('unit: desktop: no Electron binary');
  expect(text.split('\n').at(-1)).toBe('1 passed, 1 failed, 1 skipped');
});

test('a skip is a failure where none is allowed, and nothing at all is not green', () => {
  expect(isGreen([stage({ skipped: [skip('e2e')] })], true)).toBe(true);
  expect(isGreen([stage({ skipped: [skip('e2e')] })], false)).toBe(false);
  expect(isGreen([stage({ failed: 1 })], true)).toBe(false);
  expect(isGreen([stage({ passed: 0 })], true)).toBe(false);
});

test('many skips of one reason are one line', () => {
  const text = summarize([stage({ skipped: ['a', 'b', 'c', 'd', 'e'].map((name) => skip(name, 'no engine')) })]);
  expect(text).toContain('unit: 5 tests: no engine');
  expect(text).not.toContain('a: no engine');
});

test('what passed on the second try only is named before the last line, and counts as passed', () => {
  const text = summarize([stage({ passed: 2, flaky: [{ test: 'hurries', complaint: 'too late' }] })]);
  expect(text).toContain('flaky: unit: hurries (too late)');
  expect(text.split('\n').at(-1)).toBe('2 passed, 0 failed');
});
