import { interruptedStatus, runQuietly } from './processes.ts';
import { packageCommand, projectRoot } from './project.ts';

/** What a check came to. */
export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** A command that passes or fails as a whole. */
export interface Check {
  readonly name: string;
  /** For Node, in the project's folder. */
  readonly args: string[];
}

/** What is checked of the sources without running them. */
export const SOURCE_CHECKS: readonly Check[] = [
  { name: 'types', args: ['scripts/run.mjs', 'typecheck'] },
  { name: 'lint', args: [packageCommand('@biomejs/biome', 'biome'), 'check', '--error-on-warnings'] },
  { name: 'unused', args: [packageCommand('knip', 'knip')] },
];

/** Runs checks side by side. Says of each how it ended, and shows what one that failed has written. Ctrl+C ends it all. */
export function runChecks(checks: readonly Check[], limitSeconds = Number.POSITIVE_INFINITY): Promise<CheckResult[]> {
  return Promise.all(
    checks.map(async ({ name, args }) => {
      const options = { cwd: projectRoot, limitSeconds };
      const { status, seconds, output } = await runQuietly(process.execPath, args, options);
      if (status === interruptedStatus) process.exit(interruptedStatus);
      const passed = status === 0;
      console.log(`${passed ? '✓' : '✗'} ${name} (${seconds.toFixed(1)} s)`);
      if (!passed) console.log(output.trimEnd());
      return { name, passed, seconds };
    }),
  );
}
