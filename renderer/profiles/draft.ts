import { formatDuration } from '../../shared/duration.ts';
import type { ActivityKind, OnExpiry } from '../../shared/limits.ts';
import {
  type BackendKind,
  DEFAULT_BUBBLEWRAP,
  DEFAULT_CONTAINER,
  type FolderAccess,
  type LoginShell,
  type Profile,
  type PULL_POLICIES,
} from '../../shared/profile.ts';
import { type CredentialRow, credentialRows } from './credential-rows.ts';
import { argumentsText, memoryText } from './text.ts';

/** One variable in the form. `key` identifies a row while it is edited. */
interface VariableRow {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** A profile as its form holds it: what was typed, right or not. Fields of other kinds keep their defaults. */
export interface Draft {
  readonly backend: BackendKind;
  readonly name: string;
  readonly shell: string;
  /** One per line; null if one is empty or contains a line break, so that they are kept as they are. */
  readonly args: string | null;
  /** Nothing: as the settings have it. */
  readonly loginShell: LoginShell | '';
  readonly folder: string;
  readonly environment: readonly VariableRow[];
  /** Nothing: as the settings have it. */
  readonly idleTimeoutSeconds: string;
  readonly maxDurationSeconds: string;
  /** Null: as the settings have it. */
  readonly activity: readonly ActivityKind[] | null;
  readonly maxCommands: string;
  readonly onExpiry: OnExpiry | '';
  readonly thawWindowSeconds: string;
  readonly credentials: readonly CredentialRow[];
  readonly recording: Profile['recording'];
  readonly folderAccess: FolderAccess;
  readonly network: string;
  readonly memoryMiB: string;
  readonly cpus: string;
  readonly pids: string;
  readonly environmentAllow: string;
  readonly image: string;
  readonly pull: (typeof PULL_POLICIES)[number];
  readonly user: string;
  readonly mountAt: string;
  /** Nothing: the engine’s default. */
  readonly runtime: string;
  readonly readOnlyRoot: boolean;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly pool: string;
  readonly survive: boolean;
}

/** The form of a profile. */
export function draftOf(profile: Profile): Draft {
  const { backend, name, shell, args, folder, environment, limits, recording, credentials } = profile;
  const container = backend === 'docker' ? profile.container : DEFAULT_CONTAINER;
  const sandbox = backend === 'bubblewrap' ? profile.bubblewrap : backend === 'docker' ? container : DEFAULT_BUBBLEWRAP;
  return {
    backend,
    name,
    shell: shell ?? '',
    args: argumentsText(args),
    loginShell: backend === 'docker' ? '' : (profile.loginShell ?? ''),
    folder: folder ?? '',
    environment: Object.entries(environment).map(([variable, value], key) => ({ key, name: variable, value })),
    idleTimeoutSeconds: limitText(limits.idleTimeoutSeconds),
    maxDurationSeconds: limitText(limits.maxDurationSeconds),
    maxCommands: limits.maxCommands === undefined || limits.maxCommands === 0 ? '' : String(limits.maxCommands),
    activity: limits.activity ?? null,
    onExpiry: limits.onExpiry ?? '',
    thawWindowSeconds: limitText(limits.thawWindowSeconds),
    credentials: credentialRows(credentials),
    recording,
    folderAccess: sandbox.folderAccess,
    network: sandbox.network,
    memoryMiB: memoryText(sandbox.resources.memoryMiB),
    cpus: sandbox.resources.cpus === null ? '' : String(sandbox.resources.cpus),
    pids: sandbox.resources.pids === null ? '' : String(sandbox.resources.pids),
    environmentAllow: sandbox.environmentAllow.join(' '),
    image: container.image,
    pull: container.pull,
    user: container.user,
    mountAt: container.mountAt,
    runtime: container.runtime ?? '',
    readOnlyRoot: container.readOnlyRoot,
    capabilities: container.capabilities,
    noNewPrivileges: container.noNewPrivileges,
    pool: String(container.pool),
    survive: container.survive,
  };
}

/** Off asks for nothing that the settings do not have already: the stricter of the two holds. */
function limitText(seconds: number | undefined): string {
  return seconds === undefined || seconds === 0 ? '' : formatDuration(seconds);
}

/** Whether two forms hold the same. */
export function sameDraft(a: Draft, b: Draft): boolean {
  const plain = (draft: Draft): string =>
    JSON.stringify({
      ...draft,
      environment: draft.environment.map(({ name, value }) => [name, value]),
      credentials: draft.credentials.map(({ key: _, ...row }) => row),
    });
  return plain(a) === plain(b);
}
