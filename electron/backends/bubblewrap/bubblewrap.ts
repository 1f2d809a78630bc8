import type { BackendStatus } from '../../../shared/backends.ts';
import { messageOf } from '../../../shared/error-message.ts';
import { type BubblewrapOptions, DEFAULT_BUBBLEWRAP } from '../../../shared/profile.ts';
import { Emitter } from '../../base/emitter.ts';
import { machineLocales } from '../../environment/locale.ts';
import { sweepCgroups } from '../../processes/cgroup.ts';
import { planLimits, scopeProperties } from '../../processes/resource-limits.ts';
import { SessionCgroups } from '../../processes/session-cgroups.ts';
import type { Backend, BackendListener, StartResult, StartSpec } from '../backend.ts';
import { type Delivery, deliverCredentials } from '../credential-delivery.ts';
import { loginArguments } from '../pty/login-shell.ts';
import { wantedLogin } from '../pty/pty.ts';
import { ABORTED, failed, type TerminalRequest, TerminalSessions } from '../pty/terminal-session.ts';
import { HOSTNAME } from './bwrap-args.ts';
import { thisMachine } from './diagnosis.ts';
import type { BubblewrapBackendOptions } from './options.ts';
import { prepareSandbox } from './prepare.ts';
import { checkChosenFolder, checkInsideShell } from './requests.ts';
import { checkSandbox } from './sandbox-check.ts';
import { keeperEnvironment, SYSTEMD_VARIABLES, sandboxEnvironment } from './sandbox-environment.ts';
import { SandboxEtc } from './sandbox-etc.ts';
import { groupFile, passwdFile, sandboxUser } from './sandbox-user.ts';
import { lookForSandboxes, type Sandboxes } from './sandboxes.ts';
import { isInteractiveShell, stubCommand } from './stub.ts';
import { PROGRAMS } from './system-view.ts';

/** Runs shells in sandboxes of bubblewrap (Linux). Until the first `check` or start it does nothing. */
export function createBubblewrapBackend(options: BubblewrapBackendOptions): Backend {
  const { log, platform = process.platform, etcFolders } = options;
  const sessions = new TerminalSessions(options);
  const changed = new Emitter<void>((error) => log.error({ err: error }, 'A listener threw'));
  const account = sandboxUser();
  const etc = new SandboxEtc({
    makeFolder: etcFolders === undefined ? undefined : () => etcFolders.createShared('view'),
    root: options.etcRoot,
    shown: PROGRAMS,
    forbidden: options.forbiddenFolders ?? [],
    own: { passwd: passwdFile(account, '/bin/sh'), group: groupFile(account), hostname: `${HOSTNAME}\n` },
    log,
  });
  let status: BackendStatus = { kind: 'bubblewrap', state: 'checking' };
  let ready: Sandboxes | null = null;
  let checking: Promise<void> | null = null;

  const look = async (): Promise<void> => {
    const facts = options.facts ?? thisMachine;
    const result = await lookForSandboxes({ ...options, platform, facts, etc, known: ready });
    ready = result.ok ? result.sandboxes : null;
    status = result.ok
      ? { kind: 'bubblewrap', state: 'available', message: result.message, found: [...result.found] }
      : { kind: 'bubblewrap', state: 'unavailable', message: result.message, hint: result.hint };
    log.info({ status }, 'Looked whether there are sandboxes');
    changed.emit();
  };
  const check = (): Promise<void> => {
    checking ??= look().finally(() => {
      checking = null;
    });
    return checking;
  };

  const start = async (spec: StartSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> => {
    if (status.state === 'checking') await check();
    if (signal.aborted) return ABORTED;
    if (ready === null) {
      const { message, hint } = status.state === 'unavailable' ? status : UNKNOWN;
      return failed('sandbox', message, hint);
    }
    const delivered = deliverCredentials(
      spec,
      { folders: options.credentialFolders, tracker: options.tracker },
      'inside',
    );
    if (!delivered.ok) return delivered;
    const { delivery } = delivered;
    const started = await startSandbox(spec, spec.bubblewrap ?? DEFAULT_BUBBLEWRAP, delivery, ready, listener, signal);
    if (!started.ok) delivery.giveBack();
    return started;
  };

  const startSandbox = async (
    spec: StartSpec,
    wanted: BubblewrapOptions,
    { environment: secrets, folder: credentials, count }: Delivery,
    { kit, support, canResetInterrupts }: Sandboxes,
    listener: BackendListener,
    signal: AbortSignal,
  ): Promise<StartResult> => {
    const { user, view, bwrap } = kit;
    const folder = await checkChosenFolder(spec.folder, wanted.folderAccess, kit);
    if (!folder.ok) return folder;
    const shell = await checkInsideShell(spec.shell, folder.chosen, kit);
    if (!shell.ok) return shell;
    const locales = await machineLocales();
    if (signal.aborted) return ABORTED;

    const environment = sandboxEnvironment({
      inherited: options.environment,
      allow: wanted.environmentAllow,
      added: { ...spec.environment, ...secrets },
      sessionId: spec.sessionId,
      user,
      shell: shell.path,
      locales,
      appVersion: options.appVersion,
    });
    const args = loginArguments(shell.path, spec.args, wantedLogin(spec, options), platform);
    const limits = planLimits(wanted.resources, support, !user.isRootOutside);
    // Seen by sandboxes that run as well. Nothing waits for it.
    etc.update().catch((error: unknown) => log.warn({ err: error }, 'The sandboxes’ /etc could not be updated'));
    const following = wanted.network === 'host' ? etc.follow() : null;
    const follower: BackendListener = {
      onData: (bytes) => listener.onData(bytes),
      onInputRoom: () => listener.onInputRoom(),
      onExit(status) {
        following?.[Symbol.dispose]();
        listener.onExit(status);
      },
      onProgress: (progress) => listener.onProgress?.(progress),
    };
    try {
      const wish = {
        options: wanted,
        folder: folder.chosen?.path ?? null,
        credentials: credentials?.path ?? null,
        environment,
        shell: shell.path,
      };
      using prepared = prepareSandbox({ ...kit, etc: await etc.prepare() }, wish);
      const ignoresInterrupts = canResetInterrupts && !isInteractiveShell(shell.path, args);
      const inside = stubCommand({ limits, resetsInterrupts: ignoresInterrupts }, [shell.path, ...args]);
      const isScope = support.cgroups?.kind === 'scope';
      const withoutSystemd = isScope ? ['/usr/bin/env', ...SYSTEMD_VARIABLES.flatMap((name) => ['-u', name])] : [];
      const [file = bwrap.path, ...rest] = [...withoutSystemd, bwrap.path, ...prepared.args, ...inside];
      const request: TerminalRequest = {
        spec,
        shell: shell.path,
        command: [file, ...rest],
        folder: '/',
        environment: outerEnvironment(spec.sessionId, isScope, options.environment),
        credentials,
        cgroups: support.cgroups,
        scopeProperties: scopeProperties(limits),
        makeCgroups: () => SessionCgroups.create(support.cgroups, limits, support.legacy, spec.sessionId),
        launch: {
          hasChannel: true,
          descriptors: prepared.descriptors,
          setsUpTerminal: true,
          keepsOthersOut: true,
          ignoresInterrupts,
        },
        check: (started) => {
          // With the app, should it die: others see it, too.
          if (etcFolders !== undefined && etc.folder !== null) options.tracker?.folder(spec.sessionId, etc.folder);
          const expected = {
            options: wanted,
            user,
            view,
            folder: folder.chosen,
            credentials: credentials === null ? null : { count, ...credentials.identity },
            limits,
            isFiltered: kit.isFiltered,
          };
          return checkSandbox(started, expected, {
            bwrap: bwrap.path,
            facts: options.facts ?? thisMachine,
            log,
            signal,
          });
        },
      };
      const result = await sessions.start(request, follower, signal);
      if (!result.ok) following?.[Symbol.dispose]();
      return result;
    } catch (error) {
      following?.[Symbol.dispose]();
      log.warn({ sessionId: spec.sessionId, err: error }, 'A sandbox could not be prepared');
      const why = messageOf(error);
      const hint = 'Check the profile’s variables, and that the folder for temporary files can be written.';
      return failed('sandbox', `The sandbox could not be prepared: ${why}`, hint);
    }
  };

  return {
    kind: 'bubblewrap',
    get status() {
      return status;
    },
    onStatus: (listener) => changed.on(listener),
    check,
    start,
    killAllNow: () => sessions.killAllNow(),
    close() {
      etc[Symbol.dispose]();
      return Promise.resolve();
    },
    async sweep() {
      const parents = ready === null ? [] : [...ready.support.legacy.values()];
      if (ready?.support.cgroups?.kind === 'folder') parents.push(ready.support.cgroups.parent);
      for (const parent of parents) sweepCgroups(parent);
    },
  };
}

const UNKNOWN = {
  message: 'Whether there are sandboxes on this machine is not known.',
  hint: 'Check again in the settings.',
};

function outerEnvironment(
  sessionId: string,
  isScope: boolean,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const environment = keeperEnvironment(sessionId);
  for (const name of isScope ? SYSTEMD_VARIABLES : []) {
    const value = inherited[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
