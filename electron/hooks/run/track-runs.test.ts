import { expect, test } from 'vitest';
import type { ProcessEntry } from '../../processes/process-table.ts';
import { trackRuns } from './track-runs.ts';

const entry: ProcessEntry = {
  pid: 200,
  parent: 100,
  session: 200,
  startedAt: 7,
  command: 'sh',
  isZombie: false,
  isStopped: false,
  cpuMs: null,
};

function tracked(find: () => Promise<ProcessEntry | null>) {
  const told: unknown[] = [];
  const tracker = trackRuns(
    {
      session: (run, { shell, cgroups }) => told.push([run, shell?.startedAt ?? null, ...cgroups]),
      ended: (run) => told.push([run, 'ended']),
    },
    { find },
  );
  return { told, tracker };
}

test('a run is told with its cgroups at once, and with its process as soon as that is known', async () => {
  const { told, tracker } = tracked(async () => entry);
  const started = tracker.started('R', 200, ['/sys/fs/cgroup/sandglass-100-R']);
  expect(told).toEqual([['R', null, '/sys/fs/cgroup/sandglass-100-R']]);
  await started;
  tracker.ended('R');
  expect(told.slice(1)).toEqual([
    ['R', 7, '/sys/fs/cgroup/sandglass-100-R'],
    ['R', 'ended'],
  ]);
});

test('one that has ended before its process was found stays ended', async () => {
  const { promise, resolve } = Promise.withResolvers<ProcessEntry | null>();
  const { told, tracker } = tracked(() => promise);
  const started = tracker.started('R', 200, []);
  tracker.ended('R');
  resolve(entry);
  await started;
  expect(told).toEqual([
    ['R', null],
    ['R', 'ended'],
  ]);
});
