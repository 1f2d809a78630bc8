import { spawnSync } from 'node:child_process';

/** Options of a `describe` whose tests run these programs: where one is missing, the summary of `npm test` says so. */
export function needsTools(names: readonly string[]): {
  readonly ok: boolean;
  readonly options: { meta?: { needs: string } };
} {
  const missing = names.filter((name) => spawnSync('which', [name], { stdio: 'ignore' }).status !== 0);
  if (missing.length === 0) return { ok: true, options: {} };
  return { ok: false, options: { meta: { needs: `needs ${missing.join(', ')}` } } };
}
