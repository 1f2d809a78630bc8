import type { HookTracker } from '../../journal/hook-service.ts';
import type { ProcessTable } from '../../processes/process-table.ts';
import type { ProcessTracker } from '../../processes/tracker.ts';

/**
 * Reports the runs of hooks to the tracker, so that their processes are ended if the app is killed. For the main thread; a
 * run waits for the answer, so that its process still exists when it is identified.
 */
export function trackRuns(
  tracker: Pick<ProcessTracker, 'session' | 'ended'>,
  table: Pick<ProcessTable, 'find'>,
): HookTracker {
  const running = new Set<string>();
  return {
    async started(run, pid, cgroups) {
      running.add(run);
      // Its cgroups at once: to look at a process takes a while on some systems.
      tracker.session(run, { shell: null, cgroups });
      // Without it, the mark in the environment identifies the process.
      const leader = await table.find(pid).catch(() => null);
      // It may have been stopped meanwhile.
      if (running.has(run)) tracker.session(run, { shell: leader, cgroups });
    },
    ended(run) {
      running.delete(run);
      tracker.ended(run);
    },
  };
}
