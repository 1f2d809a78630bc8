import type { Host } from './host.ts';

/** Ends the app as a crash would: at once, and without a word. */
export async function killApp(host: Host): Promise<void> {
  // The desktop's process may have been started by another one.
  const pid = host.kind === 'desktop' ? await host.electron.evaluate(() => process.pid) : host.pid;
  process.kill(pid, 'SIGKILL');
  await host.exited;
  // A browser outlives it.
  await host.page.close();
}
