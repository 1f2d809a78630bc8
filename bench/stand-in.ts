import type { Backend, BackendProcess } from '../electron/backends/backend.ts';

/** Runs nothing: a shell that never writes and ends when told to. */
export const standIn: Backend = {
  kind: 'pty',
  status: { kind: 'pty', state: 'available', message: '', found: [] },
  onStatus: () => () => {},
  check: () => Promise.resolve(),
  killAllNow() {},
  start: (_spec, listener) => {
    const report = { survivors: [] };
    const process: BackendProcess = {
      pid: 1,
      command: '/bin/sh',
      args: [],
      isolation: [],
      containment: 'tree',
      container: null,
      freeze: () => Promise.resolve(null),
      thaw: () => Promise.resolve(null),
      write: (bytes) => bytes.byteLength,
      resize() {},
      pause() {},
      resume() {},
      foreground: () => Promise.resolve({ isShell: true, command: 'sh' }),
      background: () => Promise.resolve([]),
      foregroundUsage: () => Promise.resolve(null),
      cpuTimeMs: () => Promise.resolve(0),
      settle: () => Promise.resolve(),
      terminate() {
        listener.onExit({ exitCode: null, signal: 'SIGHUP' });
        return Promise.resolve(report);
      },
    };
    return Promise.resolve({ ok: true, process });
  },
};
