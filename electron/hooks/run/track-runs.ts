import type { ProcessTable } from '../../backends/process-table.ts';
import type { ProcessTracker } from '../../backends/tracker.ts';
import type { HookTracker } from '../hooks.ts';

/**
 * Tells the one who ends what a killed app has left of hooks' runs as well. For the thread that knows it; a run waits for
 * the answer, so that its process is still there to be looked at.
 */
export function trackRuns(tracker: ProcessTracker, table: Pick<ProcessTable, 'find'>): HookTracker {
  return {
    async started(run, pid, cgroups) {
      // Its cgroups at once: to look at a process takes a while on some systems.
      tracker.session(run, { shell: null, cgroups });
      tracker.session(run, { shell: await table.find(pid), cgroups });
    },
    ended: (run) => tracker.ended(run),
  };
}
