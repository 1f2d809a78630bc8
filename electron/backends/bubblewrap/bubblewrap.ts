import { sweepCgroups } from '../../processes/cgroup.ts';
import type { Backend } from '../backend.ts';
import { TerminalSessions } from '../pty/terminal-session.ts';
import { HOSTNAME } from './bwrap-args.ts';
import { thisMachine } from './diagnosis.ts';
import type { BubblewrapBackendOptions } from './options.ts';
import { SandboxEtc } from './sandbox-etc.ts';
import { SandboxStarter } from './sandbox-starter.ts';
import { SandboxStatus } from './sandbox-status.ts';
import { groupFile, passwdFile, sandboxUser } from './sandbox-user.ts';
import { PROGRAMS } from './system-view.ts';

/** Runs shells in sandboxes of bubblewrap (Linux). Until the first `check` or start it does nothing. */
export function createBubblewrapBackend(options: BubblewrapBackendOptions): Backend {
  const { log, platform = process.platform, facts = thisMachine } = options;
  const sessions = new TerminalSessions(options);
  const etc = createEtc(options);
  const sandboxes = new SandboxStatus({ ...options, platform, facts, etc }, log);
  const starter = new SandboxStarter({ ...options, platform, facts, etc, sessions });

  return {
    kind: 'bubblewrap',
    get status() {
      return sandboxes.status;
    },
    onStatus: (listener) => sandboxes.onChange(listener),
    check: () => sandboxes.check(),
    async start(spec, listener, signal) {
      const available = await sandboxes.available();
      return available.ok ? starter.start(spec, available.sandboxes, listener, signal) : available;
    },
    killAllNow: () => sessions.killAllNow(),
    close() {
      etc[Symbol.dispose]();
      return Promise.resolve();
    },
    async sweep() {
      const support = sandboxes.current?.support;
      const parents = support === undefined ? [] : [...support.legacy.values()];
      if (support?.cgroups?.kind === 'folder') parents.push(support.cgroups.parent);
      for (const parent of parents) sweepCgroups(parent);
    },
  };
}

function createEtc({ etcFolders, etcRoot, forbiddenFolders = [], log }: BubblewrapBackendOptions): SandboxEtc {
  const account = sandboxUser();
  return new SandboxEtc({
    makeFolder: etcFolders === undefined ? undefined : () => etcFolders.createShared('view'),
    root: etcRoot,
    shown: PROGRAMS,
    forbidden: forbiddenFolders,
    own: { passwd: passwdFile(account, '/bin/sh'), group: groupFile(account), hostname: `${HOSTNAME}\n` },
    log,
  });
}
