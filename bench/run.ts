import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { findBrowser } from '../scripts/find-browser.ts';
import { projectRoot } from '../scripts/project.ts';
import { buildOutdated } from '../scripts/vite-build.ts';
import { deadlines } from './figures/deadlines.ts';
import { echo } from './figures/echo.ts';
import type { Figure } from './figures/figure.ts';
import { hostile } from './figures/hostile.ts';
import { journal } from './figures/journal.ts';
import { memory } from './figures/memory.ts';
import { opening } from './figures/opening.ts';
import { sandboxes } from './figures/sandboxes.ts';
import { shown } from './figures/shown.ts';
import { throughput } from './figures/throughput.ts';
import { describeMachine } from './machine.ts';
import { meets, type Result, table } from './report.ts';

// npm run bench [-- --quick] [--only NAME]… [--json FILE]: what measures speed, each against its floor in the same run.
const FIGURES: readonly Figure[] = [throughput, shown, hostile, echo, opening, sandboxes, deadlines, journal, memory];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string', default: join(projectRoot, 'test-results', 'bench.json') },
  },
});

const chosen = options.only.length === 0 ? FIGURES : FIGURES.filter(({ name }) => options.only.includes(name));
if (chosen.length === 0) {
  throw new Error(`There are these figures: ${FIGURES.map(({ name }) => name).join(', ')}`);
}

const browser = await findBrowser();
if (browser === undefined) throw new Error('There is no browser to measure with. Install Chromium.');

await build({ configFile: join(projectRoot, 'bench', 'pages', 'vite.config.ts') });
process.env.NODE_ENV = 'production';
await buildOutdated(['renderer']);

const results: Result[] = [];
const [loadBefore] = loadavg();
for (const figure of chosen) {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-bench-'));
  try {
    const measured = await figure.measure({
      quick: options.quick,
      folder,
      browser: browser.path,
      progress: (text) => process.stderr.write(`\r\x1b[K${text}`),
    });
    results.push(...measured);
  } finally {
    process.stderr.write('\r\x1b[K');
    rmSync(folder, { recursive: true, force: true });
  }
}

const machine = describeMachine(browser.path);
const report = {
  measuredAt: new Date().toISOString(),
  quick: options.quick,
  machine,
  loadBefore,
  results: results.map((result) => ({ ...result, met: meets(result) })),
};
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(table(results));
console.log(`\n${JSON.stringify(machine)}, load before: ${loadBefore?.toFixed(1)}. As JSON: ${options.json}`);
process.exit(0);
