import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../../shared/error-message.ts';
import { DEFAULT_BUBBLEWRAP } from '../../../shared/profile.ts';
import type { IsolationItem } from '../../../shared/session.ts';
import { machineLocales } from '../../environment/locale.ts';
import { inheritable, stdioWithoutTerminals } from '../../processes/child-descriptors.ts';
import { HOSTNAME, privateFolders } from './bwrap-args.ts';
import { parseInterfaces, parseStatus } from './inspection.ts';
import { prepareSandbox, type SandboxKit } from './prepare.ts';
import { keeperEnvironment, sandboxEnvironment } from './sandbox-environment.ts';

const TIMEOUT_MS = 10_000;
const PROBE_SHELL = '/bin/sh';
/** Variables that shells set for themselves. */
const SHELLS_OWN = ['PWD', 'OLDPWD', 'SHLVL', '_'];

/** How many processes there may be while the probe runs: the first, the shell, and one that it starts. */
const INSIDE_PROCESSES = 4;

/** What the probe saw from inside, and what bwrap complained of where there was no inside. */
export type ProbeResult =
  | { readonly ok: true; readonly found: readonly IsolationItem[] }
  /** `failed`: what did not hold; empty when the sandbox did not come up. */
  | { readonly ok: false; readonly failed: readonly string[]; readonly complaint: string };

/**
 * Examines a sandbox from inside, with nothing but the shell's own commands: one line for each thing seen. Whether something can
 * be written is tried by writing a file, which is removed at once.
 */
const SCRIPT = `
each() { while read -r line; do echo "$1 $line"; done <"$2"; }
each status /proc/self/status
each interface /proc/net/dev
each hostname /proc/sys/kernel/hostname
for folder in /proc/[0-9]*; do echo "process \${folder#/proc/}"; done
writes() {
  if (: >"$1/.sandglass-probe-$$") 2>/dev/null; then rm -f "$1/.sandglass-probe-$$"; echo "$2 $1"; fi
}
for folder in / /usr /etc /dev /proc/sys/kernel; do writes "$folder" writable; done
for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname; do
  if (: >>"$file") 2>/dev/null; then echo "writable $file"; fi
done
for folder in "$HOME" /tmp /var/tmp /run /dev/shm; do writes "$folder" private; done
for path in /root /etc/shadow /etc/machine-id /var/log /var/lib/dpkg /var/lib/rpm /var/lib/pacman /sys/kernel /boot "$@"; do
  if [ -e "$path" ]; then echo "visible $path"; fi
done
tr '\\0' '\\n' </proc/1/environ | while read -r line; do echo "environment $line"; done
export -p | while read -r line; do echo "environment $line"; done
echo complete
`;

/** Sets up a sandbox as a profile without changes would, and finds out from inside what is isolated. Never rejects. */
export async function probeSandbox(kit: SandboxKit): Promise<ProbeResult> {
  const { bwrap, user } = kit;
  const environment = sandboxEnvironment({
    inherited: kit.environment,
    allow: DEFAULT_BUBBLEWRAP.environmentAllow,
    added: {},
    sessionId: 'probe',
    user,
    shell: PROBE_SHELL,
    locales: await machineLocales(),
  });
  const nothing = openSync('/dev/null', 'r+');
  try {
    using prepared = prepareSandbox(kit, {
      options: DEFAULT_BUBBLEWRAP,
      folder: null,
      credentials: null,
      environment,
      shell: PROBE_SHELL,
    });
    const child = spawn(bwrap.path, [...prepared.args, PROBE_SHELL, '-c', SCRIPT, 'sandglass', ...kit.forbidden], {
      cwd: '/',
      env: keeperEnvironment('probe'),
      stdio: stdioWithoutTerminals(
        ['ignore', 'pipe', 'pipe', nothing, ...prepared.descriptors],
        nothing,
        inheritable(),
      ),
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    if (child.stdout === null || child.stderr === null) throw new Error('The probe has no output');
    const [report, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (!/^complete$/m.test(report)) return { ok: false, failed: [], complaint };
    const hidden = Object.keys(kit.environment).filter((name) => !(name in environment) && !SHELLS_OWN.includes(name));
    return judgeReport(report, { ...kit, hidden });
  } catch (error) {
    return { ok: false, failed: [], complaint: messageOf(error) };
  } finally {
    closeSync(nothing);
  }
}

/** What a probe is judged by. */
export interface ProbeExpectation extends Pick<SandboxKit, 'user' | 'isFiltered'> {
  /** Names of variables that must not be seen inside. */
  readonly hidden: readonly string[];
}

/** Reads the probe's report: everything in it must be as it is in a sandbox that holds. */
export function judgeReport(report: string, kit: ProbeExpectation): ProbeResult {
  const lines = (name: string): string[] =>
    [...report.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map((match) => match[1] ?? '');
  const status = parseStatus(lines('status').join('\n'));
  const failed: string[] = [];
  const found: IsolationItem[] = [{ text: 'bubblewrap', open: false }];
  const check = (holds: boolean, text: string, problem: string): void => {
    if (holds) found.push({ text, open: false });
    else failed.push(problem);
  };
  const processes = lines('process');
  check(
    processes.includes('1') && processes.length <= INSIDE_PROCESSES,
    'own processes',
    'processes of this machine are visible',
  );
  const interfaces = parseInterfaces(lines('interface').join('\n'));
  check(
    interfaces.every((name) => name === 'lo'),
    'no network by default',
    `network interfaces are visible (${interfaces.join(', ')})`,
  );
  const writable = lines('writable');
  check(writable.length === 0, 'read-only system', `${writable.join(', ')} can be written`);
  const visible = lines('visible');
  check(visible.length === 0, 'no files of yours', `${visible.join(', ')} can be seen`);
  const own = privateFolders(DEFAULT_BUBBLEWRAP, kit.user).map(({ path }) => path);
  const lacking = own.filter((path) => path !== '/run' && !lines('private').includes(path));
  check(lacking.length === 0, 'private home and /tmp', `${lacking.join(', ')} cannot be written`);
  const names = lines('environment').map((line) => /^(?:export |declare -x )?(\w+)=?/.exec(line)?.[1]);
  const leaks = kit.hidden.filter((name) => names.includes(name));
  check(leaks.length === 0, 'own environment', `variables of the app are visible (${leaks.join(', ')})`);
  check(lines('hostname')[0] === HOSTNAME, 'own host name', 'the name of this machine is visible');
  const powers = ['CapPrm', 'CapEff', 'CapBnd'].filter((name) => !/^0+$/.test(status.get(name) ?? ''));
  check(powers.length === 0 && status.get('NoNewPrivs') === '1', 'no capabilities', 'privileges are left');
  const uid = Number(status.get('Uid')?.split(/\s/)[0]);
  check(uid === kit.user.uid, `uid ${uid}`, `programs run as uid ${uid}`);
  if (kit.isFiltered) {
    check(status.get('Seccomp') === '2', 'system calls filtered', 'the system call filter is not in force');
  } else {
    found.push({ text: 'system calls not filtered', open: true });
  }
  if (kit.user.isRootOutside) found.push({ text: 'root outside', open: true });
  return failed.length === 0 ? { ok: true, found } : { ok: false, failed, complaint: '' };
}
