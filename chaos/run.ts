import { parseArgs } from 'node:util';
import { setup } from '../scripts/testing/build-windows.ts';
import { runChaos } from './harness.ts';

// npm run chaos [-- --kills N] [--seed N] [--sessions N]: kills the app at random moments and checks what it promises.
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    sessions: { type: 'string', default: '8' },
  },
});

const seed = whole(values.seed, 'seed');
await setup();
console.log(`Seed ${seed}`);
const began = performance.now();
const report = await runChaos({
  kills: whole(values.kills, 'kills'),
  seed,
  sessions: whole(values.sessions, 'sessions'),
  log: (line) => console.log(line),
});
const { violations, ...figures } = report;
console.log(JSON.stringify(figures, null, 2));
console.log(`${Math.round((performance.now() - began) / 1_000)} s`);
for (const violation of violations) console.log(`Broken promise: ${violation}`);
console.log(
  violations.length === 0 ? 'Every promise was kept' : `Again: npm run chaos -- --seed ${seed} --kills ${values.kills}`,
);
process.exitCode = violations.length === 0 ? 0 : 1;

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not “${text}”`);
  return value;
}
