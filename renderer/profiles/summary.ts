import type { ProfileField } from '../../shared/labels.ts';
import type { Isolation, IsolationItem } from '../../shared/session.ts';
import { credentialCount } from './credential-rows.ts';
import type { Draft } from './draft.ts';
import { readCount, readCpus, readMemory, readNames } from './text.ts';

/** Names of variables that usually hold secrets. */
const SECRET = /TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH|COOKIE/i;

/** What the sandbox of this form will be, in the words and the order of a session’s badge. Empty for a local shell. */
export function expectedIsolation(draft: Draft): Isolation {
  if (draft.backend === 'pty') return [];
  const opened = openings(draft);
  const item = (field: ProfileField, text: string): IsolationItem => ({ text, open: opened[field] !== undefined });
  const inContainer = draft.backend === 'docker';
  const memory = readMemory(draft.memoryMiB);
  const items: IsolationItem[] = [
    { text: inContainer ? containerText(draft) : 'bubblewrap', open: false },
    item('network', networkText(draft)),
    inContainer ? item('readOnlyRoot', draft.readOnlyRoot ? 'read-only root' : 'writable root') : READ_ONLY_SYSTEM,
    item(
      'folderAccess',
      draft.folderAccess === 'none' ? noFolderText(draft) : `${folderInside(draft)} ${draft.folderAccess}`,
    ),
    inContainer ? NOTHING : credentialsItem(draft),
    item('user', inContainer ? userText(draft.user) : ''),
    item('memoryMiB', !memory.ok ? '' : memory.value === null ? 'no memory limit' : `${memory.value} MB`),
    boundItem(draft, 'cpus', opened.cpus !== undefined),
    boundItem(draft, 'pids', opened.pids !== undefined),
    item('capabilities', inContainer && draft.capabilities.length > 0 ? `may ${draft.capabilities.join(', ')}` : ''),
    item('noNewPrivileges', inContainer && !draft.noNewPrivileges ? 'may gain privileges' : ''),
    item('environmentAllow', opened.environmentAllow === undefined ? '' : 'secrets passed on'),
    item('survive', inContainer && draft.survive ? 'survives a crash' : ''),
    inContainer ? credentialsItem(draft) : NOTHING,
  ];
  return items.filter(({ text }) => text !== '');
}

/** Credentials are shown, and do not count as an opening: the session is meant to have them. */
function credentialsItem({ credentials }: Draft): IsolationItem {
  const count = credentialCount(credentials);
  return { text: count === 0 ? '' : count === 1 ? '1 credential' : `${count} credentials`, open: false };
}

function containerText({ runtime }: Draft): string {
  return runtime === '' || /^(runc|crun|youki)$/.test(runtime) ? 'container' : `container (${runtime})`;
}

const NOTHING: IsolationItem = { text: '', open: false };
const READ_ONLY_SYSTEM: IsolationItem = { text: 'read-only system', open: false };

/** What each field of this form opens in the sandbox, as the rest of a sentence; fields that open nothing are absent. */
export function openings(draft: Draft): Readonly<Partial<Record<ProfileField, string>>> {
  if (draft.backend === 'pty') return {};
  const found: Partial<Record<ProfileField, string>> = {};
  const network = draft.network.trim();
  if (network !== 'none' && network !== '') found.network = networkOpening(network);
  if (isUnbounded(readMemory(draft.memoryMiB))) found.memoryMiB = 'it can use all of the machine’s memory.';
  if (isUnbounded(readCount(draft.pids))) found.pids = 'a fork bomb inside can bring down the machine.';
  const secrets = readNames(draft.environmentAllow).filter((name) => SECRET.test(name));
  if (secrets.length > 0) found.environmentAllow = `programs inside see ${secrets.join(', ')}.`;
  if (draft.backend !== 'docker') return found;
  if (isUnbounded(readCpus(draft.cpus))) found.cpus = 'it can use all processors.';
  if (/^(root|0+)(:|$)/.test(draft.user.trim())) found.user = 'programs inside run as root.';
  if (!draft.readOnlyRoot) found.readOnlyRoot = 'programs inside can change the container’s own files.';
  if (!draft.noNewPrivileges) found.noNewPrivileges = 'setuid programs inside, such as sudo, can gain rights.';
  if (draft.capabilities.length > 0) {
    found.capabilities = `programs inside that run as root may do what ${draft.capabilities.join(', ')} allows.`;
  }
  return found;
}

function isUnbounded(read: { ok: true; value: number | null } | { ok: false }): boolean {
  return read.ok && read.value === null;
}

function networkText({ network }: Draft): string {
  switch (network.trim()) {
    case 'none':
      return 'no network';
    case 'host':
      return 'host network';
    case '':
      return '';
    default:
      return `network ${network.trim()}`;
  }
}

function networkOpening(network: string): string {
  switch (network) {
    case 'host':
      return 'programs inside reach the internet, your network, and services of this machine.';
    case 'bridge':
      return 'programs inside reach the internet and your network.';
    default:
      return `programs inside reach whatever is on “${network}”.`;
  }
}

function noFolderText({ backend }: Draft): string {
  return backend === 'bubblewrap' ? 'no folder' : '';
}

function folderInside(draft: Draft): string {
  return draft.backend === 'docker' ? draft.mountAt.trim() : draft.folder.trim() || 'folder';
}

function userText(user: string): string {
  const [name = ''] = user.trim().split(':');
  if (name === 'root' || /^0+$/.test(name)) return 'root user';
  return /^\d+$/.test(name) ? `uid ${name}` : name === '' ? '' : `user ${name}`;
}

/** A missing limit is shown if it loosens the sandbox; one that cannot be read is not shown. */
function boundItem(draft: Draft, field: 'cpus' | 'pids', open: boolean): IsolationItem {
  const read = field === 'cpus' ? readCpus(draft.cpus) : readCount(draft.pids);
  if (!read.ok) return { text: '', open };
  if (read.value === null) return { text: open ? MISSING[field] : '', open };
  const words = field === 'cpus' ? (read.value === 1 ? 'CPU' : 'CPUs') : 'processes';
  return { text: `${read.value} ${words}`, open };
}

const MISSING = { cpus: 'no CPU limit', pids: 'no process limit' } as const;

/** What distinguishes a profile from others of its kind, in one short line. */
export function profileLine(draft: Draft): string {
  const folder = lastPart(draft.folder);
  const shown = draft.folderAccess === 'none' ? '' : `${folder} ${draft.folderAccess}`;
  const parts = ((): string[] => {
    switch (draft.backend) {
      case 'pty':
        return [lastPart(draft.shell) || 'login shell', folder];
      case 'bubblewrap':
        return [networkText(draft), shown];
      case 'docker':
        return [draft.image.trim(), shown];
    }
  })();
  return parts.filter((part) => part !== '').join(' · ');
}

/** The name at the end of a path. */
function lastPart(path: string): string {
  return (
    path
      .trim()
      .split(/[\\/]+/)
      .filter((part) => part !== '')
      .at(-1) ?? ''
  );
}
