import type { SessionInfo } from '../../shared/session.ts';
import { BACKEND_NAMES } from '../backends/messages.ts';

/**
 * How closed a session is. `none`: a local shell, which nothing holds. `unknown`: a sandbox of which nothing was found
 * yet, or that never started. `closed`: as the defaults have it. `open`: something of it is loosened.
 */
export type Closure = 'none' | 'unknown' | 'closed' | 'open';

/** What was found of a session's isolation, in one line. */
export interface Badge {
  closure: Closure;
  text: string;
}

/** The badge of a session. What is open comes first, for the end of a long line may be cut off. */
export function badgeOf({ isolation, backend, end }: Pick<SessionInfo, 'isolation' | 'backend' | 'end'>): Badge {
  if (isolation.length === 0) {
    if (backend === 'pty') return { closure: 'none', text: 'local shell · not sandboxed' };
    const words = BACKEND_NAMES[backend];
    return { closure: 'unknown', text: end === null ? `${words} · being set up` : `${words} · did not start` };
  }
  const open = isolation.filter((item) => item.open).map((item) => item.text);
  const closed = isolation.filter((item) => !item.open).map((item) => item.text);
  if (open.length === 0) return { closure: 'closed', text: closed.join(' · ') };
  return { closure: 'open', text: [`open: ${open.join(', ')}`, ...closed].join(' · ') };
}

/** Whether a credential of it is missing, or older than it should be. */
export function wantsCredential({ credentials }: Pick<SessionInfo, 'credentials'>): boolean {
  return credentials.some(({ state }) => state !== 'ready');
}

/** What a screen reader says of a tab beside its title: “container, loosened, frozen”. */
export function tabStatus(info: SessionInfo): string {
  const words = [BACKEND_NAMES[info.backend]];
  if (badgeOf(info).closure === 'open') words.push('loosened');
  if (info.state === 'frozen') words.push(info.frozenBy === null ? 'frozen' : 'frozen, its time is up');
  if (info.end === null && wantsCredential(info)) words.push('a credential is not ready');
  if (info.restored && info.end !== null) words.push('restored session');
  return words.join(', ');
}
