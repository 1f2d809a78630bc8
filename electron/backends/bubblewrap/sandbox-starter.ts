import { messageOf } from '../../../shared/error-message.ts';
import { type BubblewrapOptions, DEFAULT_BUBBLEWRAP } from '../../../shared/profile.ts';
import { machineLocales } from '../../environment/locale.ts';
import { type Limit, planLimits, scopeProperties } from '../../processes/resource-limits.ts';
import { SessionCgroups } from '../../processes/session-cgroups.ts';
import type { BackendListener, StartResult, StartSpec } from '../backend.ts';
import { type Delivery, deliverCredentials } from '../credential-delivery.ts';
import { loginArguments } from '../pty/login-shell.ts';
import { wantedLogin } from '../pty/pty.ts';
import { ABORTED, failed, type TerminalRequest, type TerminalSessions } from '../pty/terminal-session.ts';
import type { MachineFacts } from './diagnosis.ts';
import type { BubblewrapBackendOptions } from './options.ts';
import { type PreparedSandbox, prepareSandbox } from './prepare.ts';
import { type ChosenFolder, checkChosenFolder, checkInsideShell } from './requests.ts';
import { checkSandbox } from './sandbox-check.ts';
import { keeperEnvironment, SYSTEMD_VARIABLES, sandboxEnvironment } from './sandbox-environment.ts';
import type { SandboxEtc } from './sandbox-etc.ts';
import type { Sandboxes } from './sandboxes.ts';
import { isInteractiveShell, stubCommand } from './stub.ts';

/** What sandboxes are started with, on every machine. */
export interface SandboxStarterOptions extends BubblewrapBackendOptions {
  readonly platform: NodeJS.Platform;
  readonly facts: MachineFacts;
  readonly etc: SandboxEtc;
  readonly sessions: TerminalSessions;
}

/** One sandbox to start, checked: everything in it exists and may be shown. */
interface SandboxPlan {
  readonly spec: StartSpec;
  readonly options: BubblewrapOptions;
  readonly folder: ChosenFolder | null;
  readonly shell: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly delivery: Delivery;
  readonly limits: readonly Limit[];
  /** Whether the sandbox resets signals that are ignored outside. */
  readonly ignoresInterrupts: boolean;
}

/** Starts sessions in sandboxes. */
export class SandboxStarter {
  readonly #options: SandboxStarterOptions;

  constructor(options: SandboxStarterOptions) {
    this.#options = options;
  }

  /** Starts one; see `Backend.start`. */
  async start(
    spec: StartSpec,
    sandboxes: Sandboxes,
    listener: BackendListener,
    signal: AbortSignal,
  ): Promise<StartResult> {
    if (signal.aborted) return ABORTED;
    const { credentialFolders: folders, tracker } = this.#options;
    const delivered = deliverCredentials(spec, { folders, tracker }, 'inside');
    if (!delivered.ok) return delivered;
    const { delivery } = delivered;
    const planned = await this.#plan(spec, delivery, sandboxes, signal);
    const started = planned.ok ? await this.#run(planned.plan, sandboxes, listener, signal) : planned;
    if (!started.ok) delivery.giveBack();
    return started;
  }

  async #plan(
    spec: StartSpec,
    delivery: Delivery,
    { kit, support, canResetInterrupts }: Sandboxes,
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly plan: SandboxPlan } | Extract<StartResult, { ok: false }>> {
    const options = spec.bubblewrap ?? DEFAULT_BUBBLEWRAP;
    const folder = await checkChosenFolder(spec.folder, options.folderAccess, kit);
    if (!folder.ok) return folder;
    const shell = await checkInsideShell(spec.shell, folder.chosen, kit);
    if (!shell.ok) return shell;
    const locales = await machineLocales();
    if (signal.aborted) return ABORTED;
    const environment = sandboxEnvironment({
      inherited: this.#options.environment,
      allow: options.environmentAllow,
      added: { ...spec.environment, ...delivery.environment },
      sessionId: spec.sessionId,
      user: kit.user,
      shell: shell.path,
      locales,
      appVersion: this.#options.appVersion,
    });
    const args = loginArguments(shell.path, spec.args, wantedLogin(spec, this.#options), this.#options.platform);
    const limits = planLimits(options.resources, support, !kit.user.isRootOutside);
    const ignoresInterrupts = canResetInterrupts && !isInteractiveShell(shell.path, args);
    const plan = { spec, options, folder: folder.chosen, shell: shell.path, args, environment, delivery, limits };
    return { ok: true, plan: { ...plan, ignoresInterrupts } };
  }

  async #run(
    plan: SandboxPlan,
    sandboxes: Sandboxes,
    listener: BackendListener,
    signal: AbortSignal,
  ): Promise<StartResult> {
    const { etc, log, sessions } = this.#options;
    const { spec, options } = plan;
    // Sandboxes that run see it as well. Nothing waits for it.
    etc.update().catch((error: unknown) => log.warn({ err: error }, 'The sandboxes’ /etc could not be updated'));
    const following = options.network === 'host' ? etc.follow() : null;
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
      using prepared = prepareSandbox(
        { ...sandboxes.kit, etc: await etc.prepare() },
        {
          options,
          folder: plan.folder?.path ?? null,
          credentials: plan.delivery.folder?.path ?? null,
          environment: plan.environment,
          shell: plan.shell,
        },
      );
      const result = await sessions.start(this.#request(plan, sandboxes, prepared, signal), follower, signal);
      if (!result.ok) following?.[Symbol.dispose]();
      return result;
    } catch (error) {
      following?.[Symbol.dispose]();
      log.warn({ sessionId: spec.sessionId, err: error }, 'A sandbox could not be prepared');
      const hint = 'Check the profile’s variables, and that the folder for temporary files can be written.';
      return failed('sandbox', `The sandbox could not be prepared: ${messageOf(error)}`, hint);
    }
  }

  #request(
    plan: SandboxPlan,
    { kit, support }: Sandboxes,
    prepared: PreparedSandbox,
    signal: AbortSignal,
  ): TerminalRequest {
    const { environment, etc, etcFolders, facts, log, tracker } = this.#options;
    const { spec, options, folder, shell, args, delivery, limits, ignoresInterrupts } = plan;
    const { bwrap, user, view, isFiltered } = kit;
    const { folder: credentials, count } = delivery;
    const isScope = support.cgroups?.kind === 'scope';
    const withoutSystemd = isScope ? ['/usr/bin/env', ...SYSTEMD_VARIABLES.flatMap((name) => ['-u', name])] : [];
    const inside = stubCommand({ limits, resetsInterrupts: ignoresInterrupts }, [shell, ...args]);
    const [file = bwrap.path, ...rest] = [...withoutSystemd, bwrap.path, ...prepared.args, ...inside];
    return {
      spec,
      shell,
      command: [file, ...rest],
      folder: '/',
      environment: outerEnvironment(spec.sessionId, isScope, environment),
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
        // It goes with the app, should that die: other sandboxes see it, too.
        if (etcFolders !== undefined && etc.folder !== null) tracker?.folder(spec.sessionId, etc.folder);
        const expected = {
          options,
          user,
          view,
          folder,
          credentials: credentials === null ? null : { count, ...credentials.identity },
          limits,
          isFiltered,
        };
        return checkSandbox(started, expected, { bwrap: bwrap.path, facts, log, signal });
      },
    };
  }
}

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
