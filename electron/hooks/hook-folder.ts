import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { hookNameSchema } from '../../shared/hooks.ts';
import { errorCode } from '../recording/failure.ts';
import { readTrusted, trustExecutable, trustPath } from './file-trust.ts';
import type { HookAction, HookEntry } from './hook.ts';
import { HOOK_FILE, type HookFile, parseHookFile, type WebhookSetting } from './hook-file.ts';
import { parseSecrets, SECRET_FORMAT } from './secrets.ts';
import { displayUrl } from './webhook-url.ts';
import { MAX_YAML_BYTES } from './yaml-bounds.ts';

/** The largest number of hooks; folders beyond it are reported and ignored. */
const MAX_HOOKS = 100;
const MAX_SECRET_FILE_BYTES = 8_192;

type Environment = Readonly<Record<string, string | undefined>>;

/** What reading the folder of hooks came to. */
export type HookFolderReading =
  | {
      readonly ok: true;
      /** By name, in the order of names. */
      readonly entries: ReadonlyMap<string, HookEntry>;
      /** Folders that are no hooks because of their name or their number. */
      readonly ignored: readonly string[];
      /** Whether there is a folder at all. */
      readonly isThere: boolean;
    }
  /** The system's code, such as `EACCES`. */
  | { readonly ok: false; readonly code: string };

/**
 * Reads the folder of hooks: each folder in it is one hook. Files, and what begins with a dot (what editors and version
 * control leave there), are passed over. A folder that is not there holds no hooks.
 */
export function readHookFolder(root: string, environment: Environment): HookFolderReading {
  let real: string;
  const names: string[] = [];
  try {
    real = realpathSync.native(root);
    for (const item of readdirSync(real, { withFileTypes: true })) {
      if (!item.name.startsWith('.') && (item.isDirectory() || item.isSymbolicLink())) names.push(item.name);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { ok: true, entries: new Map(), ignored: [], isThere: false };
    return { ok: false, code: errorCode(error) ?? 'unknown error' };
  }
  names.sort();
  const fit = names.filter((name) => hookNameSchema.safeParse(name).success).slice(0, MAX_HOOKS);
  const entries = new Map(fit.map((name) => [name, readHook(real, name, environment)]));
  return { ok: true, entries, ignored: names.filter((name) => !entries.has(name)), isThere: true };
}

/** Reads one hook's folder. Never throws: what is wrong makes it broken. */
function readHook(root: string, name: string, environment: Environment): HookEntry {
  const broken = (message: string, file: HookFile | null = null): HookEntry => ({
    state: 'broken',
    name,
    message,
    kind: file?.action.kind ?? null,
    target: file === null ? '' : targetOf(file.action),
    patterns: file?.patterns ?? [],
  });

  const folder = trustPath(root, join(root, name), 'The hook’s folder');
  if (!folder.ok) return broken(`${folder.message}.`);
  if (!folder.value.stats.isDirectory()) return broken('This is not a folder.');
  const { path } = folder.value;
  const read = readTrusted(root, join(path, HOOK_FILE), HOOK_FILE, MAX_YAML_BYTES);
  if (!read.ok) return broken(`${read.message}.`);
  const parsed = parseHookFile(read.value.text);
  if (!parsed.ok) return broken(parsed.message);
  const { file } = parsed;

  let action: HookAction;
  let warning: string | null = null;
  let revision = '';
  if (file.action.kind === 'run') {
    const executable = trustExecutable(root, path, file.action.file);
    if (!executable.ok) return broken(`${executable.message}.`, file);
    action = file.action;
    const { ino, size, mtimeMs } = executable.value.stats;
    revision = `${ino}:${size}:${mtimeMs}`;
  } else {
    const secrets = readSecrets(root, path, file.action, environment);
    if (!secrets.ok) return broken(`${secrets.message}.`, file);
    action = { kind: 'webhook', url: file.action.url, headers: file.action.headers, secrets: secrets.value };
    if (read.value.exposed && (file.action.secrets.length > 0 || Object.keys(file.action.headers).length > 0)) {
      warning = `Other users can read what is secret in ${HOOK_FILE}: take that away with “chmod 600 ${HOOK_FILE}”.`;
    }
  }
  const { patterns, events: wants, enabled, timeoutMs, retry } = file;
  return {
    state: 'good',
    name,
    hook: { name, folder: path, patterns, events: wants, enabled, timeoutMs, retry, action, revision, warning },
  };
}

/** What is shown of where an event goes: the executable's name, or the receiver's origin and path. */
export function targetOf(action: { kind: 'run'; file: string } | { kind: 'webhook'; url: string }): string {
  return action.kind === 'run' ? action.file : displayUrl(action.url);
}

type Secrets =
  | { readonly ok: true; readonly value: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** The secrets of all three places, each once. */
function readSecrets(root: string, folder: string, setting: WebhookSetting, environment: Environment): Secrets {
  const secrets = new Set(setting.secrets);
  if (setting.secretFile !== null) {
    const name = setting.secretFile;
    const read = readTrusted(root, join(folder, name), name, MAX_SECRET_FILE_BYTES);
    if (!read.ok) return read;
    if (read.value.exposed) {
      return { ok: false, message: `${name} can be read by other users: take that away with “chmod 600 ${name}”` };
    }
    const found = parseSecrets(read.value.text);
    if (found === null) return { ok: false, message: `${name} must have one or more secrets in it: ${SECRET_FORMAT}` };
    for (const secret of found) secrets.add(secret);
  }
  if (setting.secretEnv !== null) {
    const value = environment[setting.secretEnv] ?? '';
    if (value === '')
      return { ok: false, message: `The variable ${setting.secretEnv} is not set where Sandglass runs` };
    const found = parseSecrets(value);
    if (found === null)
      return { ok: false, message: `${setting.secretEnv} must have a secret in it: ${SECRET_FORMAT}` };
    for (const secret of found) secrets.add(secret);
  }
  return { ok: true, value: [...secrets] };
}
