import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Check, type CheckResult, runChecks, SOURCE_CHECKS } from './checks.ts';
import { findElectron } from './electron-binary.ts';
import { type Browser, findBrowser } from './find-browser.ts';
import { type Ending, interruptedStatus, run } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';
import { type Counts, countPlaywright, countVitest, isGreen, type Stage, summarize } from './report.ts';

// npm test: types, lint, what is unused, build, unit and integration tests, and end-to-end tests on both hosts; every stage
// runs, also when one failed.
// SANDGLASS_ALLOW_SKIPS=0 makes a skip a failure; with SANDGLASS_TEST_RETRIES=1 a test that failed is tried once more, and
// named at the end when it passed then. What has not ended after SANDGLASS_TEST_SECONDS is ended, and failed.

const e2eConfig = join('e2e', 'playwright.config.ts');
const allowSkips = process.env.SANDGLASS_ALLOW_SKIPS !== '0';
const totalSeconds = Number(process.env.SANDGLASS_TEST_SECONDS) || Number.POSITIVE_INFINITY;
const stages: Stage[] = [];
const none: Counts = { passed: 0, failed: 0, skipped: [], flaky: [], failures: [] };
const compiled = join(projectRoot, 'node_modules', '.cache', 'compiled');
const reports = await mkdtemp(join(tmpdir(), 'sandglass-reports-'));

try {
  // The build, too: integration tests start the whole app.
  const checks = await check([...SOURCE_CHECKS, { name: 'build', args: ['scripts/run.mjs', 'build'] }]);
  const built = checks.some(({ name, passed }) => name === 'build' && passed);
  await testsBesideSources();
  await endToEndTests(built);
} finally {
  await rm(reports, { recursive: true, force: true });
}
console.log(`\n${summarize(stages)}`);
process.exitCode = isGreen(stages, allowSkips) ? 0 : 1;

/** What is left of the time for all stages; at least a moment, so that each says for itself that it had none. */
function secondsLeft(): number {
  return Math.max(5, totalSeconds - performance.now() / 1000);
}

/** Runs Node in the project. Ctrl+C ends all of it. */
async function node(title: string, args: string[], env: Record<string, string> = {}): Promise<Ending> {
  console.log(`\n── ${title}`);
  const ending = await run(process.execPath, args, {
    cwd: projectRoot,
    // The app is started hundreds of times: its modules are compiled once.
    env: { NODE_COMPILE_CACHE: compiled, ...process.env, ...env },
    limitSeconds: secondsLeft(),
  });
  if (ending.timedOut) console.log(`${title} was ended: the time for all tests was over.`);
  if (ending.status === interruptedStatus) process.exit(interruptedStatus);
  return ending;
}

/** Stages that pass or fail as a whole, side by side. */
async function check(checks: readonly Check[]): Promise<CheckResult[]> {
  console.log(`\n── ${checks.map(({ name }) => name).join(', ')}`);
  const results = await runChecks(checks, secondsLeft());
  for (const { name, passed, seconds } of results) {
    const failures = passed ? [] : ['see above'];
    stages.push({ name, passed: Number(passed), failed: Number(!passed), skipped: [], flaky: [], failures, seconds });
  }
  return results;
}

async function testsBesideSources(): Promise<void> {
  const file = join(reports, 'unit.json');
  const vitest = packageCommand('vitest', 'vitest');
  const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { status, seconds } = await node('unit and integration', args);
  stages.push({ name: 'unit and integration', seconds, ...(await counts(file, status, countVitest)) });
}

async function endToEndTests(built: boolean): Promise<void> {
  const skip = (name: string, reason: string) =>
    stages.push({ name, ...none, skipped: [{ test: 'all', reason }], seconds: 0 });

  const browser = await findBrowser();
  const obstacle = whyNoEndToEnd(built, browser);
  if (obstacle || !browser) {
    skip('e2e web', obstacle ?? 'no browser');
    skip('e2e desktop', obstacle ?? 'no browser');
    return;
  }
  console.log(`\nBrowser: ${browser.path} (${browser.source})`);

  const hosts = findElectron() ? ['web', 'desktop'] : ['web'];
  const file = join(reports, 'e2e.json');
  const playwright = packageCommand('@playwright/test', 'playwright');
  // Ended by itself, it still reports what it has come to.
  const timeout = Number.isFinite(totalSeconds) ? ['--global-timeout', String(secondsLeft() * 950)] : [];
  const projects = hosts.flatMap((host) => ['--project', host]);
  // Both hosts at once: no worker is idle while the last tests of one of them run.
  const args = [playwright, 'test', '--config', e2eConfig, ...projects, '--reporter', 'list,json', ...timeout];
  const { status, seconds } = await node('e2e', args, {
    SANDGLASS_BROWSER: browser.path,
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  });
  const counted = await Promise.all(hosts.map((host) => counts(file, 0, (report) => countPlaywright(report, host))));
  const [first] = counted;
  if (first && status !== 0 && counted.every(({ failed }) => failed === 0)) fail(first, status);
  hosts.forEach((host, index) => {
    stages.push({ name: `e2e ${host}`, seconds, ...(counted[index] ?? none) });
  });
  if (hosts.includes('desktop')) await check([{ name: 'smoke', args: ['scripts/run.mjs', 'smoke', '--from-source'] }]);
  else skip('e2e desktop', 'no Electron binary (npx install-electron downloads it)');
}

function whyNoEndToEnd(built: boolean, browser: Browser | undefined): string | undefined {
  if (!existsSync(join(projectRoot, e2eConfig))) return `there is no ${e2eConfig}`;
  if (!built) return 'the build failed';
  if (!browser) return 'no browser (install Chromium or Chrome, or name one in SANDGLASS_BROWSER)';
  return undefined;
}

/** What a runner reported. A runner that failed and reports no failure, or nothing at all, is itself one. */
async function counts(file: string, status: number, count: (report: unknown) => Counts): Promise<Counts> {
  try {
    const counted = count(JSON.parse(await readFile(file, 'utf8')));
    if (status !== 0 && counted.failed === 0) fail(counted, status);
    return counted;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...none, failed: 1, failures: [`no report, status ${status}: ${why}`] };
  }
}

/** A runner that failed without naming a test. */
function fail(counted: Counts, status: number): void {
  counted.failed = 1;
  counted.failures.push(`the runner ended with status ${status}`);
}
