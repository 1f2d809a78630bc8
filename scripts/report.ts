import { z } from 'zod';

/** What a part of the tests came to. */
export interface Stage {
  name: string;
  passed: number;
  failed: number;
  /** What was not tested, each with why. */
  skipped: string[];
  /** The names of what failed. */
  failures: string[];
  seconds: number;
}

/** A stage's counts, without its name and time. */
export type Counts = Pick<Stage, 'passed' | 'failed' | 'skipped' | 'failures'>;

/** The parts that are read of what Vitest's JSON reporter writes (https://vitest.dev/guide/reporters). */
const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * Counts what Vitest reported. A file that could not be loaded has no tests, and counts as one that failed.
 *
 * @throws when the report is not one of Vitest's.
 */
export function countVitest(report: unknown): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: [], failures: [] };
  for (const file of VitestReport.parse(report).testResults) {
    for (const { fullName, status } of file.assertionResults) addTest(counts, fullName, status);
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      addTest(counts, file.name, 'failed');
    }
  }
  return counts;
}

interface PlaywrightSuite {
  title: string;
  specs: {
    title: string;
    tests: { projectName: string; status: string; annotations: { type: string; description?: string | undefined }[] }[];
  }[];
  suites?: PlaywrightSuite[] | undefined;
}

const PlaywrightSuite: z.ZodType<PlaywrightSuite> = z.lazy(() =>
  z.object({
    title: z.string(),
    specs: z.array(
      z.object({
        title: z.string(),
        tests: z.array(
          z.object({
            projectName: z.string(),
            status: z.string(),
            annotations: z.array(z.object({ type: z.string(), description: z.string().optional() })),
          }),
        ),
      }),
    ),
    suites: z.array(PlaywrightSuite).optional(),
  }),
);

/** The parts that are read of what Playwright's JSON reporter writes (https://playwright.dev/docs/api/class-testreporter). */
const PlaywrightReport = z.object({
  suites: z.array(PlaywrightSuite),
  errors: z.array(z.object({ message: z.string().optional() })),
});

/**
 * Counts what Playwright reported for one of its projects. A test that passed on a second try passed.
 *
 * @throws when the report is not one of Playwright's.
 */
export function countPlaywright(report: unknown, project: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: [], failures: [] };
  const { suites, errors } = PlaywrightReport.parse(report);
  const walk = (suite: PlaywrightSuite, path: string[]) => {
    for (const spec of suite.specs) {
      for (const test of spec.tests.filter(({ projectName }) => projectName === project)) {
        const reason = test.annotations.find(({ type }) => type === 'skip')?.description;
        addTest(counts, [...path, spec.title].join(' > '), test.status, reason);
      }
    }
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.title]);
  };
  for (const suite of suites) walk(suite, [suite.title]);
  for (const { message } of errors) addTest(counts, message ?? 'Playwright stopped with an error', 'failed');
  return counts;
}

function addTest(counts: Counts, name: string, status: string, reason?: string): void {
  if (status === 'passed' || status === 'expected' || status === 'flaky') counts.passed += 1;
  else if (status === 'failed' || status === 'unexpected') {
    counts.failed += 1;
    counts.failures.push(name);
  } else counts.skipped.push(reason ? `${name}: ${reason}` : name);
}

/** The table of all stages, what failed and what was skipped, and as the last line the sum. */
export function summarize(stages: readonly Stage[]): string {
  const width = Math.max(...stages.map(({ name }) => name.length), 'stage'.length);
  const row = (name: string, ...cells: string[]) => name.padEnd(width) + cells.map((cell) => cell.padStart(9)).join('');
  const table = stages.map(({ name, passed, failed, skipped, seconds }) =>
    row(name, String(passed), String(failed), String(skipped.length), `${seconds.toFixed(1)} s`),
  );
  const failures = stages.flatMap(({ name, failures: names }) => names.map((test) => `  ${name}: ${test}`));
  const skips = stages.flatMap(({ name, skipped }) => skipped.map((test) => `  ${name}: ${test}`));
  return [
    row('stage', 'passed', 'failed', 'skipped', 'time'),
    ...table,
    ...(failures.length > 0 ? ['', 'Failed:', ...failures] : []),
    ...(skips.length > 0 ? ['', 'Skipped:', ...skips] : []),
    '',
    lastLine(stages),
  ].join('\n');
}

/** `N passed, N failed`, with `, N skipped` if any were. */
export function lastLine(stages: readonly Stage[]): string {
  const sum = (count: (stage: Stage) => number) => stages.reduce((total, stage) => total + count(stage), 0);
  const skipped = sum((stage) => stage.skipped.length);
  const line = `${sum((stage) => stage.passed)} passed, ${sum((stage) => stage.failed)} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

/** Whether the tests count as passed: nothing failed, something ran, and nothing was skipped that may not be. */
export function isGreen(stages: readonly Stage[], allowSkips: boolean): boolean {
  const something = stages.some(({ passed }) => passed > 0);
  return something && stages.every(({ failed, skipped }) => failed === 0 && (allowSkips || skipped.length === 0));
}
