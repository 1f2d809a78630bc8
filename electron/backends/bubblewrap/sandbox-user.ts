import { userInfo } from 'node:os';

/** Who the session's programs are inside. */
export interface SandboxUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The app runs as root: outside the sandbox its programs are root's, without any of root's capabilities. */
  readonly isRootOutside: boolean;
}

/** Who root is inside. */
const MAPPED_ROOT = { name: 'sandbox', uid: 1000, gid: 1000, home: '/home/sandbox', isRootOutside: true } as const;
/** The user whom files belong to that have no owner inside. */
const OVERFLOW_ID = 65_534;

/** An ordinary user stays who they are; root becomes an ordinary user. */
export function sandboxUser(): SandboxUser {
  const uid = process.getuid?.() ?? OVERFLOW_ID;
  const gid = process.getgid?.() ?? OVERFLOW_ID;
  if (uid === 0) return MAPPED_ROOT;
  const name = accountName();
  return { name, uid, gid, home: `/home/${name}`, isRootOutside: false };
}

/** The account's name where it is one that any program can deal with. */
function accountName(): string {
  try {
    const { username } = userInfo();
    return /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(username) ? username : 'user';
  } catch {
    // An account without an entry in the user database, as in some containers.
    return 'user';
  }
}

/** `/etc/passwd` inside (passwd(5)): the user, and whom the rest of the files belong to. */
export function passwdFile(user: SandboxUser, shell: string): string {
  const own = `${user.name}:x:${user.uid}:${user.gid}:${user.name}:${user.home}:${shell.replaceAll(/[:\n]/g, '')}\n`;
  return user.uid === OVERFLOW_ID ? own : `${own}nobody:x:${OVERFLOW_ID}:${OVERFLOW_ID}:nobody:/:/usr/sbin/nologin\n`;
}

/** `/etc/group` inside (group(5)). */
export function groupFile(user: SandboxUser): string {
  const own = `${user.name}:x:${user.gid}:\n`;
  return user.gid === OVERFLOW_ID ? own : `${own}nogroup:x:${OVERFLOW_ID}:\n`;
}

/** `/etc/hosts` inside, without a network (hosts(5)). */
export const HOSTS_FILE = '127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost ip6-loopback\n';
