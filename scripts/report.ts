import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';

/** A test that was not run, and what it would have needed; null where it did not say. */
interface Skip {
  test: string;
  reason: string | null;
}

/** A test that passed on its second try only, and what its first one complained about. */
interface Flake {
  test: string;
  complaint: string;
}

/** What a part of the tests came to. */
export interface Stage {
  name: string;
  passed: number;
  failed: number;
  skipped: Skip[];
  /** Counted as passed; named, so that nobody takes them for sound. */
  flaky: Flake[];
  /** The names of what failed. */
  failures: string[];
  seconds: number;
}

/** A stage's counts, without its name and time. */
export type Counts = Omit<Stage, 'name' | 'seconds'>;

/** Skipped tests of one reason are counted instead of named from this many on. */
const MANY_SKIPS = 4;

/** The parts that are read of what Vitest's JSON reporter writes (https://vitest.dev/guide/reporters). */
const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).default([]),
          meta: z.object({ needs: z.string().optional() }).default({}),
        }),
      ),
    }),
  ),
});

/**
 * Counts what Vitest reported. A file that could not be loaded has no tests, and counts as one that failed. A suite says
 * in its meta what it needs, and that is the reason of a skip.
 *
 * @throws when the report is not one of Vitest's.
 */
export function countVitest(report: unknown): Counts {
  const counts = nothing();
  for (const file of VitestReport.parse(report).testResults) {
    for (const { fullName, status, failureMessages, meta } of file.assertionResults) {
      // What failed first and then passed keeps the message of its failure.
      const again = status === 'passed' && failureMessages.length > 0;
      addTest(counts, fullName, again ? 'flaky' : status, again ? failureMessages[0] : meta.needs);
    }
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
    tests: {
      projectName: string;
      status: string;
      annotations: { type: string; description?: string | undefined }[];
      results: { error?: { message?: string | undefined } | undefined }[];
    }[];
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
            results: z.array(z.object({ error: z.object({ message: z.string().optional() }).optional() })).default([]),
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
  const counts = nothing();
  const { suites, errors } = PlaywrightReport.parse(report);
  const walk = (suite: PlaywrightSuite, path: string[]) => {
    for (const spec of suite.specs) {
      for (const test of spec.tests.filter(({ projectName }) => projectName === project)) {
        const reason = test.annotations.find(({ type }) => type === 'skip')?.description;
        const complaint = test.results[0]?.error?.message;
        addTest(counts, [...path, spec.title].join(' > '), test.status, test.status === 'flaky' ? complaint : reason);
      }
    }
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.title]);
  };
  for (const suite of suites) walk(suite, [suite.title]);
  for (const { message } of errors) addTest(counts, message ?? 'Playwright stopped with an error', 'failed');
  return counts;
}

function nothing(): Counts {
  return { passed: 0, failed: 0, skipped: [], flaky: [], failures: [] };
}

/** `why`: the reason of a skip, or what the first try of a flaky test complained about. */
function addTest(counts: Counts, test: string, status: string, why?: string): void {
  if (status === 'passed' || status === 'expected' || status === 'flaky') counts.passed += 1;
  if (status === 'flaky') counts.flaky.push({ test, complaint: firstLine(why ?? '') });
  else if (status === 'failed' || status === 'unexpected') {
    counts.failed += 1;
    counts.failures.push(test);
  } else if (status !== 'passed' && status !== 'expected') counts.skipped.push({ test, reason: why ?? null });
}

/** The first line of a message, without the colours of a terminal. */
function firstLine(message: string): string {
  return stripVTControlCharacters(message).split('\n', 1)[0]?.trim() ?? '';
}

/** The table of all stages, what failed, was skipped or is flaky, and as the last line the sum. */
export function summarize(stages: readonly Stage[]): string {
  const width = Math.max(...stages.map(({ name }) => name.length), 'stage'.length);
  const row = (name: string, ...cells: string[]) => name.padEnd(width) + cells.map((cell) => cell.padStart(9)).join('');
  const table = stages.map(({ name, passed, failed, skipped, seconds }) =>
    row(name, String(passed), String(failed), String(skipped.length), `${seconds.toFixed(1)} s`),
  );
  const failures = stages.flatMap(({ name, failures: names }) => names.map((test) => `  ${name}: ${test}`));
  const skips = stages.flatMap(({ name, skipped }) => describeSkips(skipped).map((skip) => `  ${name}: ${skip}`));
  const flakes = stages.flatMap(({ name, flaky }) =>
    flaky.map(({ test, complaint }) => `  flaky: ${name}: ${test}${complaint === '' ? '' : ` (${complaint})`}`),
  );
  return [
    row('stage', 'passed', 'failed', 'skipped', 'time'),
    ...table,
    ...(failures.length > 0 ? ['', 'Failed:', ...failures] : []),
    ...(skips.length > 0 ? ['', 'Skipped:', ...skips] : []),
    ...(flakes.length > 0 ? ['', 'Passed on the second try only:', ...flakes] : []),
    '',
    lastLine(stages),
  ].join('\n');
}

/** Each skip with its reason; many of one reason as their number. */
function describeSkips(skips: readonly Skip[]): string[] {
  return [...Map.groupBy(skips, ({ reason }) => reason)].flatMap(([reason, same]) => {
    if (reason !== null && same.length >= MANY_SKIPS) return [`${same.length} tests: ${reason}`];
    return same.map(({ test }) => (reason === null ? test : `${test}: ${reason}`));
  });
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
