import { messageOf } from '../../../shared/error-message.ts';
import type { IsolationItem } from '../../../shared/session.ts';
import { type LimitSupport, probeLimits } from '../../processes/cgroup-support.ts';
import { diagnose, installHint, type MachineFacts } from './diagnosis.ts';
import { canResetSignals, findBwrap } from './find-bwrap.ts';
import type { BubblewrapBackendOptions } from './options.ts';
import type { SandboxKit } from './prepare.ts';
import { probeSandbox } from './probe.ts';
import type { SandboxEtc } from './sandbox-etc.ts';
import { sandboxUser } from './sandbox-user.ts';
import { isFiltered } from './seccomp.ts';
import { readSystemView } from './system-view.ts';

/** What sandboxes are started with. */
export interface Sandboxes {
  readonly kit: SandboxKit;
  /** What can bound their resources. */
  readonly support: LimitSupport;
  /** Whether signals that are ignored outside can be set back to their defaults inside. */
  readonly canResetInterrupts: boolean;
}

export type SandboxesFound =
  | {
      readonly ok: true;
      readonly sandboxes: Sandboxes;
      readonly message: string;
      readonly found: readonly IsolationItem[];
    }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** What sandboxes are probed with. */
export interface SandboxesProbe extends BubblewrapBackendOptions {
  readonly platform: NodeJS.Platform;
  readonly facts: MachineFacts;
  readonly etc: SandboxEtc;
  /** What was found before: what can bound resources does not change. */
  readonly known: Sandboxes | null;
}

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'macOS', win32: 'Windows' };

/** Finds out whether sandboxes are available here, by starting one. Never rejects. */
export async function probeSandboxes(probe: SandboxesProbe): Promise<SandboxesFound> {
  const { platform, facts, environment, log } = probe;
  if (platform !== 'linux') {
    return {
      ok: false,
      message: `bubblewrap is made of functions of Linux, which ${PLATFORM_NAMES[platform] ?? platform} does not have.`,
      hint: 'Use a container profile instead.',
    };
  }
  try {
    const found = await findBwrap(environment.PATH);
    if (!found.ok) return { ok: false, message: found.message, hint: await installHint(facts) };
    const kit: SandboxKit = {
      bwrap: found.bwrap,
      user: sandboxUser(),
      view: readSystemView(),
      etc: await probe.etc.prepare(),
      environment,
      forbidden: probe.forbiddenFolders ?? [],
      isFiltered: isFiltered(process.arch),
    };
    const [result, support, canResetInterrupts] = await Promise.all([
      probeSandbox(kit),
      probe.known?.support ?? limitSupport(probe),
      canResetSignals(),
    ]);
    if (result.ok) {
      const message = `bubblewrap ${found.bwrap.version}`;
      const sandboxes = { kit, support, canResetInterrupts };
      return { ok: true, sandboxes, message, found: [...result.found, describeSupport(support)] };
    }
    log.warn({ failed: result.failed, complaint: result.complaint }, 'The probe of a sandbox failed');
    if (result.failed.length > 0) {
      const message = `A sandbox was started, but it does not hold: ${result.failed.join('; ')}.`;
      return { ok: false, message, hint: 'Update bubblewrap. If that does not help, report it with the log.' };
    }
    return { ok: false, ...(await diagnose(result.complaint, found.bwrap.path, facts)) };
  } catch (error) {
    log.error({ err: error }, 'Sandboxes could not be probed');
    const message = `Sandboxes could not be probed: ${messageOf(error)}`;
    return { ok: false, message, hint: 'See the log for details, then check again.' };
  }
}

function limitSupport({ cgroupParent, systemdRun }: SandboxesProbe): Promise<LimitSupport> {
  if (typeof cgroupParent === 'object') return Promise.resolve({ cgroups: null, legacy: new Map() });
  return probeLimits({ parent: cgroupParent, systemdRun });
}

/** The badge's label for what limits resources here. */
function describeSupport({ cgroups, legacy }: LimitSupport): IsolationItem {
  const controllers = new Set([...(cgroups?.controllers ?? []), ...legacy.keys()]);
  const bounded = [...controllers].join(', ');
  return controllers.size === 0
    ? { text: 'limits by rlimit, none for CPU', open: true }
    : { text: `limits by cgroup (${bounded})`, open: false };
}
