import { Socket } from 'node:net';
import { isAppGone, startReaper } from './run-reaper.ts';

/**
 * The reaper as a process of its own, run by Node: a Sandglass that dies, by SIGKILL too, leaves this process, which ends
 * its sessions. Messages come on its standard input, which must be a pipe.
 */
const reaper = startReaper({ input: new Socket({ fd: 0, readable: true, writable: false }), isGone: isAppGone });

// What ends the app or its terminal is not meant for the process that cleans up afterwards.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (signal !== 'SIGTERM') return;
    if (!reaper.isNeeded) process.exit(0);
    reaper.hurry();
  });
}

await reaper.finished;
process.exit(0);
