import { runChecks, SOURCE_CHECKS } from './checks.ts';
import { packageCommand } from './project.ts';

// npm run test:quick: what can be said of a change in less than a minute. Types, lint, what is unused, and the unit tests.
const unit = { name: 'unit tests', args: [packageCommand('vitest', 'vitest'), 'run', '--project', 'unit'] };
const results = await runChecks([unit, ...SOURCE_CHECKS]);
const failed = results.filter(({ passed }) => !passed);
console.log(failed.length === 0 ? 'All passed.' : `Failed: ${failed.map(({ name }) => name).join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
