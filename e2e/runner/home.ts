import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { METADATA_FILE, metadataSchema, RECORDING_FILE, type SessionMetadata } from '../../shared/recording.ts';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { engine } from './containers.ts';
import { LOCAL_PROFILE, type RunnerOptions } from './options.ts';

/** The variable that marks every process of one test: the app's, and those of its sessions. */
export const TEST_MARK = 'SG_E2E_TEST';

/** A fresh place for one test: the app's folders, the user's, and one for temporary files. */
export class Home implements AsyncDisposable {
  /** `SANDGLASS_HOME`. */
  readonly folder: string;
  readonly temporary: string;
  /** Where the test puts what it takes out of the app. */
  readonly exports: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.folder = join(root, 'sandglass');
    this.temporary = join(root, 'tmp');
    this.exports = join(root, 'exports');
  }

  static async create({ settings, policy }: Pick<RunnerOptions, 'settings' | 'policy'>): Promise<Home> {
    const home = new Home(await mkdtemp(join(tmpdir(), 'sandglass-e2e-')));
    for (const folder of [home.config, home.temporary, home.exports, home.user]) {
      await mkdir(folder, { recursive: true });
    }
    await home.writePolicy(policy);
    const document = { version: SETTINGS_VERSION, profiles: [LOCAL_PROFILE] };
    const text = typeof settings === 'string' ? settings : JSON.stringify({ ...document, ...settings });
    await writeFile(home.settingsFile, text, { mode: 0o600 });
    return home;
  }

  /** What tells this test's processes from those of others. */
  get mark(): string {
    return `${TEST_MARK}=${basename(this.#root)}`;
  }

  get config(): string {
    return join(this.folder, 'config');
  }

  get settingsFile(): string {
    return join(this.config, 'settings.json');
  }

  get policyFile(): string {
    return join(this.#root, 'policy.json');
  }

  /** Replaces the policy file at once, as administrators' tools do; a text is written as it is. */
  async writePolicy(policy: Readonly<Record<string, unknown>> | string): Promise<void> {
    const next = `${this.policyFile}.new`;
    await writeFile(next, typeof policy === 'string' ? policy : JSON.stringify(policy));
    await rename(next, this.policyFile);
  }

  get user(): string {
    return join(this.#root, 'user');
  }

  get sessions(): string {
    return join(this.folder, 'data', 'sessions');
  }

  get logs(): string {
    return join(this.folder, 'logs');
  }

  /** The app's environment: the runner's own, this home, and what the test adds. */
  environment(added: Readonly<Record<string, string>>): Record<string, string> {
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !/^(SESSION_|NODE_OPTIONS$)/.test(entry[0]),
    );
    return {
      ...Object.fromEntries(inherited),
      SANDGLASS_HOME: this.folder,
      SANDGLASS_POLICY_FILE: this.policyFile,
      SANDGLASS_LOG_LEVEL: 'debug',
      [TEST_MARK]: basename(this.#root),
      HOME: this.user,
      TMPDIR: this.temporary,
      LANG: 'C.UTF-8',
      // A docker context lies in the home folder, and this is another one.
      ...(engine.ok ? { DOCKER_HOST: engine.host } : {}),
      ...added,
    };
  }

  /** The folders of all sessions, the oldest first. */
  async sessionFolders(): Promise<string[]> {
    const entries = await readdir(this.sessions, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && /^[0-9A-Z]{26}$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  /** The ids of all sessions, the oldest first. */
  async sessionIds(): Promise<string[]> {
    return (await this.sessionFolders()).map((folder) => basename(folder));
  }

  /** The metadata of all sessions that have ended, the oldest first. */
  async metadata(): Promise<SessionMetadata[]> {
    const all: SessionMetadata[] = [];
    for (const folder of await this.sessionFolders()) {
      const names = await readdir(folder);
      if (!names.includes(METADATA_FILE)) continue;
      all.push(metadataSchema.parse(JSON.parse(await readFile(join(folder, METADATA_FILE), 'utf8'))));
    }
    return all;
  }

  /** The recording of the only session. */
  async recording(): Promise<string> {
    const [folder] = await this.sessionFolders();
    if (folder === undefined) throw new Error('No session has been recorded');
    return readFile(join(folder, RECORDING_FILE), 'utf8');
  }

  /** The app's log, for the report of a test that failed. */
  async log(): Promise<string> {
    const names = await readdir(this.logs).catch(() => []);
    const texts = await Promise.all(names.map((name) => readFile(join(this.logs, name), 'utf8').catch(() => '')));
    return texts.join('');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}
