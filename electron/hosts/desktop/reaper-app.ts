import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';
import { isAppGone, startReaper } from '../../reaper/run-reaper.ts';

/**
 * Runs the reaper in the app's own binary, where that cannot be run as Node (macOS, Windows): no window, no place in the
 * dock, no graphics process, and a folder of its own for what Chromium writes, so that the app's is left to the app.
 */
export function launchReaper(): void {
  app.setActivationPolicy?.('prohibited');
  app.disableHardwareAcceleration();
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-reaper-'));
  app.setPath('userData', folder);
  // Electron's own `process.stdin` is empty on Windows; the pipe itself is there.
  const reaper = startReaper({ input: new Socket({ fd: 0, readable: true, writable: false }), isGone: isAppGone });
  // Signals and the end of the desktop session arrive here.
  app.on('before-quit', (event) => {
    if (!reaper.isNeeded) return;
    event.preventDefault();
    reaper.hurry();
  });
  void reaper.finished.finally(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    app.exit(0);
  });
}
