/** An errno of Linux (asm-generic/errno.h), the same on both architectures. */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
type ErrnoName = keyof typeof ERRNO;

/** When a call is denied, by the lower half of one of its arguments. */
export type Condition =
  /** One of these bits is set. */
  | { readonly arg: number; readonly anyOf: number }
  /** It has one of these values. */
  | { readonly arg: number; readonly isOneOf: readonly number[] }
  /** It has none of these values. */
  | { readonly arg: number; readonly isNoneOf: readonly number[] };

/** One system call that a sandboxed program may not make, or not with these arguments. */
export interface Rule {
  readonly name: string;
  /** Its number on each architecture; null where there is no such call. */
  readonly x64: number | null;
  readonly arm64: number | null;
  /** The error that the program gets. `ENOSYS` where programs know how to do without the call. */
  readonly errno: ErrnoName;
  readonly when?: Condition;
}

/** linux/sched.h: flags that ask for a new namespace. `CLONE_NEWTIME` (0x80) is part of the exit signal in `clone`. */
const NEW_NAMESPACES = 0x7e02_0000;
const CLONE_NEWTIME = 0x80;

/** asm-generic/ioctls.h */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** Address families that programs need: unspecified, Unix, IPv4, IPv6, netlink. Not vsock, packet, Bluetooth, CAN, … */
const SOCKET_FAMILIES = [0, 1, 2, 10, 16];

/** Execution domains that Docker's default profile allows: Linux, with its two compatible variants, and the query. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

function denied(name: string, x64: number | null, arm64: number | null, errno: ErrnoName = 'EPERM'): Rule {
  return { name, x64, arm64, errno };
}

/**
 * What the filter denies. Most of it would fail anyway for want of a capability: the filter keeps the kernel's code for it
 * out of reach. Sources: the list of Flatpak (common/flatpak-run.c, `setup_seccomp`), Docker's default profile
 * (moby/profiles, seccomp/default.json), seccomp(2), ioctl_tty(2) and clone(2). Numbers: asm/unistd_64.h of x86,
 * asm-generic/unistd.h for arm64.
 */
export const RULES: readonly Rule[] = [
  // Typing into a terminal, and pasting on a virtual console. Only the lower half of the command counts for the kernel.
  { name: 'ioctl', x64: 16, arm64: 29, errno: 'EPERM', when: { arg: 1, isOneOf: [TIOCSTI, TIOCLINUX] } },

  // New user namespaces hand out capabilities inside, and with them much of the kernel. What clone3 asks for lies in
  // memory, which a filter cannot read: programs fall back to clone when there is no clone3.
  { name: 'clone', x64: 56, arm64: 220, errno: 'EPERM', when: { arg: 0, anyOf: NEW_NAMESPACES } },
  { name: 'unshare', x64: 272, arm64: 97, errno: 'EPERM', when: { arg: 0, anyOf: NEW_NAMESPACES | CLONE_NEWTIME } },
  denied('clone3', 435, 435, 'ENOSYS'),
  denied('setns', 308, 268),

  // What is mounted where.
  denied('mount', 165, 40),
  denied('umount2', 166, 39),
  denied('pivot_root', 155, 41),
  denied('chroot', 161, 51),
  denied('open_tree', 428, 428, 'ENOSYS'),
  denied('move_mount', 429, 429, 'ENOSYS'),
  denied('fsopen', 430, 430, 'ENOSYS'),
  denied('fsconfig', 431, 431, 'ENOSYS'),
  denied('fsmount', 432, 432, 'ENOSYS'),
  denied('fspick', 433, 433, 'ENOSYS'),
  denied('mount_setattr', 442, 442, 'ENOSYS'),
  denied('open_tree_attr', 467, 467, 'ENOSYS'),
  // Opens files by number, whatever folder they are in.
  denied('open_by_handle_at', 304, 265),

  // The kernel's keyrings have no namespace: they would be shared with the user's other programs.
  denied('add_key', 248, 217),
  denied('request_key', 249, 218),
  denied('keyctl', 250, 219),

  // Large parts of the kernel with a history of holes, which programs do without.
  denied('bpf', 321, 280),
  denied('perf_event_open', 298, 241),
  denied('userfaultfd', 323, 282),
  // It makes calls that no filter sees.
  denied('io_uring_setup', 425, 425, 'ENOSYS'),
  denied('io_uring_enter', 426, 426, 'ENOSYS'),
  denied('io_uring_register', 427, 427, 'ENOSYS'),
  { name: 'socket', x64: 41, arm64: 198, errno: 'EAFNOSUPPORT', when: { arg: 0, isNoneOf: SOCKET_FAMILIES } },
  { name: 'personality', x64: 135, arm64: 92, errno: 'EPERM', when: { arg: 0, isNoneOf: PERSONALITIES } },
  denied('modify_ldt', 154, null),
  denied('iopl', 172, null),
  denied('ioperm', 173, null),
  denied('uselib', 134, null),
  denied('lookup_dcookie', 212, 18),
  denied('nfsservctl', 180, 42, 'ENOSYS'),
  denied('_sysctl', 156, null, 'ENOSYS'),

  // Where memory lies, also that of other processes.
  denied('move_pages', 279, 239),
  denied('migrate_pages', 256, 238),
  denied('mbind', 237, 235),
  denied('get_mempolicy', 239, 236),
  denied('set_mempolicy', 238, 237),
  denied('set_mempolicy_home_node', 450, 450),

  // The machine itself.
  denied('kexec_load', 246, 104),
  denied('kexec_file_load', 320, 294),
  denied('init_module', 175, 105),
  denied('finit_module', 313, 273),
  denied('delete_module', 176, 106),
  denied('create_module', 174, null, 'ENOSYS'),
  denied('reboot', 169, 142),
  denied('swapon', 167, 224),
  denied('swapoff', 168, 225),
  denied('acct', 163, 89),
  denied('quotactl', 179, 60),
  denied('quotactl_fd', 443, 443),
  denied('syslog', 103, 116),
  denied('settimeofday', 164, 170),
  denied('clock_settime', 227, 112),
  denied('vhangup', 153, 58),
];
