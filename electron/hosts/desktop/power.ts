import { powerMonitor } from 'electron';
import type { Logger } from 'pino';
import { watchDrift } from '../../core/clock-drift.ts';
import type { Core } from '../../core/core.ts';

/** After sleep, or when a clock was set, the core looks at every deadline again. */
export function followClock(core: Pick<Core, 'clockChanged'>, logger: Logger): void {
  const changed = (why: string, jumpMs?: number): void => {
    logger.info({ why, jumpMs }, 'The clock may have jumped');
    core.clockChanged();
  };
  powerMonitor.on('resume', () => changed('resume'));
  powerMonitor.on('unlock-screen', () => changed('unlock'));
  watchDrift({ onJump: (jumpMs) => changed('drift', jumpMs) });
}
