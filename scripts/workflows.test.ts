import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { projectRoot } from './project.ts';

const folder = join(projectRoot, '.github', 'workflows');

const Permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const Step = z.object({ uses: z.string().optional(), run: z.string().optional() });
const Job = z.object({
  uses: z.string().optional(),
  'timeout-minutes': z.number().optional(),
  permissions: Permissions.optional(),
  steps: z.array(Step).default([]),
});
/** The parts that are checked here (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax). */
const Workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: Permissions,
  concurrency: z.object({ group: z.string() }).optional(),
  jobs: z.record(z.string(), Job),
});

describe.each(readdirSync(folder))('the workflow %s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  const workflow = Workflow.parse(parse(text));
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test('may only read, but for the job that drafts a release', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const wider = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(wider.map(([job, { permissions }]) => ({ job, permissions }))).toEqual(
      name === 'release.yml' ? [{ job: 'draft', permissions: { contents: 'write' } }] : [],
    );
  });

  test('pins every action to a commit, with its version beside it', () => {
    const used = text.split('\n').filter((line) => /\buses:/.test(line));
    expect(used.length).toBeGreaterThan(0);
    const pinned = /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|uses: \.\/\.github\/workflows\/[\w-]+\.yml$/;
    expect(used.filter((line) => !pinned.test(line))).toEqual([]);
  });

  test('uses each action in one version', () => {
    const all = readdirSync(folder).flatMap(
      (file) => readFileSync(join(folder, file), 'utf8').match(/\S+@[0-9a-f]{40}/g) ?? [],
    );
    const versions = Map.groupBy(new Set(all), (action) => action.split('@', 1)[0]);
    expect([...versions.values()].filter((same) => same.length > 1)).toEqual([]);
  });

  test('bounds every job in time, and does not run twice for one state', () => {
    expect(jobs.filter((job) => job.uses === undefined && job['timeout-minutes'] === undefined)).toEqual([]);
    const isCalled = 'workflow_call' in workflow.on;
    expect(workflow.concurrency !== undefined).toBe(!isCalled);
  });

  test('runs scripts that exist', () => {
    const called = steps.flatMap(({ run = '' }) => [...run.matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);
    expect(
      called.map(([, script]) => script).filter((script) => script !== undefined && !(script in packageJson.scripts)),
    ).toEqual([]);
  });

  test('puts nothing that others can write into a command', () => {
    expect(steps.filter(({ run = '' }) => run.includes('${{'))).toEqual([]);
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
  });
});
