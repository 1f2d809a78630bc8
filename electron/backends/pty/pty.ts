import type { LoginShell } from '../../../shared/profile.ts';
import { shellEnvironment } from '../../environment/inherited-environment.ts';
import { type CgroupSupport, probeCgroups } from '../../processes/cgroup-support.ts';
import type { Backend, BackendListener, StartResult, StartSpec } from '../backend.ts';
import { deliverCredentials } from '../credential-delivery.ts';
import type { CredentialFolders } from '../credential-folders.ts';
import { loginArguments } from './login-shell.ts';
import { checkFolder, checkShell } from './shell.ts';
import { ABORTED, TerminalSessions, type TerminalSessionsOptions } from './terminal-session.ts';

/** What the local shells' backend takes from outside. */
export interface PtyBackendOptions extends TerminalSessionsOptions {
  /** What the app was called with; shells inherit it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For programs that ask which terminal they run in. */
  readonly appVersion?: string | undefined;
  /** Whether shells of profiles that do not say are login shells; `automatic` without it. */
  readonly loginShell?: (() => LoginShell) | undefined;
  /** Linux: make sessions' cgroups below this folder instead of below the app's own cgroup; `none`: make none. */
  readonly cgroupParent?: string | { readonly none: true };
  /** Where credentials lie while sessions have them. */
  readonly credentialFolders?: CredentialFolders;
  /** Linux: the program that makes scopes where cgroups cannot be made directly. */
  readonly systemdRun?: string;
}

/** Whether a session's shell is to be a login shell. */
export function wantedLogin(
  spec: Pick<StartSpec, 'loginShell'>,
  options: Pick<PtyBackendOptions, 'loginShell'>,
): LoginShell {
  return spec.loginShell ?? options.loginShell?.() ?? 'automatic';
}

/** Runs shells on pseudoterminals of this machine, without isolation. */
export function createPtyBackend(options: PtyBackendOptions): Backend {
  const { log } = options;
  const sessions = new TerminalSessions(options);
  let probing: Promise<CgroupSupport | null> | null = null;

  const support = (): Promise<CgroupSupport | null> => {
    const parent = options.cgroupParent;
    if (typeof parent === 'object') return Promise.resolve(null);
    probing ??= probeCgroups({ parent, systemdRun: options.systemdRun }).then(
      (found) => {
        log.info({ cgroups: found }, found === null ? 'Sessions get no cgroup here' : 'Sessions get their own cgroups');
        return found;
      },
      (error: unknown) => {
        log.warn({ err: error }, 'Whether sessions can have cgroups could not be found out; they get none');
        return null;
      },
    );
    return probing;
  };

  // Known before the first session asks, so that it does not wait for the answer.
  void support();

  const start = async (spec: StartSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> => {
    const shell = await checkShell(spec.shell, process.platform, options.environment);
    if (!shell.ok) return shell;
    const folder = await checkFolder(spec.folder);
    if (!folder.ok) return folder;
    const cgroups = await support();
    if (signal.aborted) return ABORTED;
    const delivered = deliverCredentials(
      spec,
      { folders: options.credentialFolders, tracker: options.tracker },
      'here',
    );
    if (!delivered.ok) return delivered;
    const { environment, folder: credentials, giveBack } = delivered.delivery;
    const request = {
      spec,
      shell: shell.path,
      command: [
        shell.path,
        ...loginArguments(shell.path, spec.args, wantedLogin(spec, options), process.platform),
      ] as const,
      folder: folder.path,
      environment: shellEnvironment(
        options.environment,
        { ...spec.environment, ...environment },
        spec.sessionId,
        options.appVersion,
      ),
      credentials,
      cgroups,
    };
    const started = await sessions.start(request, listener, signal);
    if (!started.ok) giveBack();
    return started;
  };

  return {
    kind: 'pty',
    status: { kind: 'pty', state: 'available', message: 'Shells of this machine, not isolated', found: [] },
    onStatus: () => () => {},
    check: () => Promise.resolve(),
    start,
    killAllNow: () => sessions.killAllNow(),
  };
}
