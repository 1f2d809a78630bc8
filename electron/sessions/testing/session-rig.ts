import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LimitOrigin, PartialLimits } from '../../../shared/limits.ts';
import {
  type BackendKind,
  DEFAULT_BUBBLEWRAP,
  DEFAULT_CONTAINER,
  type Profile,
  type ProfileOf,
} from '../../../shared/profile.ts';
import { METADATA_FILE, metadataSchema, RECORDING_FILE, type SessionMetadata } from '../../../shared/recording.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS, type SettingPath } from '../../../shared/settings.ts';
import { SystemClock } from '../../base/clock.ts';
import { createMachine, type Machine } from '../../core/machine.ts';
import { SESSION_MARK } from '../../environment/inherited-environment.ts';
import { createSessionMetrics } from '../../metrics/session-metrics.ts';
import { nodeReaperCommand } from '../../reaper/command.ts';
import { writeMetadata } from '../../recording/metadata.ts';
import type { RecorderFactory } from '../../recording/recorder.ts';
import { createRecorderFactory } from '../../recording/recorder-factory.ts';
import { installationId } from '../../storage/installation.ts';
import { findLocations, type Locations, makeFolders } from '../../storage/locations.ts';
import { containersOf, removeContainers, type TestEngine } from '../../testing/container-engine.ts';
import { SessionManager } from '../manager.ts';
import type { Session } from '../session.ts';
import { Screen } from './screen.ts';
import { keepingLogger } from './stand-ins.ts';

/** What a test opens a session with, over what all of its kind have. */
export interface Opening {
  readonly limits?: PartialLimits;
  readonly profile?: Partial<Pick<Profile, 'shell' | 'args' | 'folder' | 'recording' | 'environment'>>;
  readonly bubblewrap?: Partial<ProfileOf<'bubblewrap'>['bubblewrap']>;
  readonly container?: Partial<ProfileOf<'docker'>['container']>;
}

const COMMON = {
  name: 'Suite',
  shell: '/bin/bash',
  args: ['--norc', '--noprofile'],
  environment: { PS1: '$ ' },
  recording: 'on',
} as const;

const origins = Object.fromEntries(SETTING_PATHS.map((path) => [path, 'default'])) as Record<SettingPath, LimitOrigin>;

function preferencesOfTests() {
  const preferences = structuredClone(DEFAULT_SETTINGS);
  preferences.limits.local = { idleTimeoutSeconds: 0, maxDurationSeconds: 0 };
  preferences.limits.sandboxed = { idleTimeoutSeconds: 0, maxDurationSeconds: 0 };
  preferences.limits.activity = ['input'];
  preferences.limits.warnBeforeSeconds = [1];
  preferences.limits.closeGraceSeconds = 0.5;
  return preferences;
}

/**
 * Sessions of one kind on this machine: real shells, real time, real files, everything but the window. It knows what
 * they may not leave behind.
 */
export class SessionRig implements AsyncDisposable {
  readonly kind: BackendKind;
  readonly machine: Machine;
  readonly manager: SessionManager;
  /** For files of the test; local shells see it. */
  readonly folder: string;
  /** What was logged as a warning or an error. */
  readonly complaints: readonly string[];
  readonly #engine: TestEngine;
  readonly #home: string;
  readonly #locations: Locations;
  readonly #installation: string;
  readonly #recorders: RecorderFactory;
  readonly #managers: SessionManager[] = [];
  readonly #newManager: () => SessionManager;
  readonly #profiles = new Map<string, Profile>();
  readonly #opened: Session[] = [];

  private constructor(kind: BackendKind, engine: TestEngine, home: string, machine: Machine, locations: Locations) {
    const clock = new SystemClock();
    const logger = keepingLogger();
    const preferences = preferencesOfTests();
    const recorders = createRecorderFactory({ folder: locations.sessions, clock, logger });
    this.kind = kind;
    this.machine = machine;
    this.folder = join(home, 'files');
    this.complaints = logger.complaints;
    this.#engine = engine;
    this.#home = home;
    this.#locations = locations;
    this.#installation = installationId(locations.data);
    this.#recorders = recorders;
    this.#newManager = () => {
      const manager = new SessionManager({
        clock,
        backends: machine.backends,
        recorders,
        settings: {
          settings: { ...preferences, profiles: [] },
          effective: { preferences, origins },
          policy: { ok: true, policy: policySchema.parse({ minimumTimeoutSeconds: 1 }), file: null },
          profile: (id) => this.#profiles.get(id),
          onChange: () => () => {},
        },
        metrics: createSessionMetrics(() => clock.wall()),
        logger,
        app: { name: 'x', version: '1' },
        async writeMetadata(metadata) {
          await writeMetadata(recorders.folderOf(metadata.id), metadata);
        },
      });
      this.#managers.push(manager);
      return manager;
    };
    this.manager = this.#newManager();
  }

  /** Sets everything up. */
  static async create(kind: BackendKind, engine: TestEngine): Promise<SessionRig> {
    const home = mkdtempSync(join(tmpdir(), 'sandglass-suite-'));
    mkdirSync(join(home, 'files'));
    const locations = findLocations({ env: { SANDGLASS_HOME: home }, platform: process.platform });
    makeFolders(locations);
    const environment = {
      PATH: process.env.PATH,
      HOME: join(home, 'files'),
      LANG: 'C.UTF-8',
      ...(engine.ok ? { DOCKER_HOST: engine.host } : {}),
    };
    const machine = await createMachine({
      logger: keepingLogger(),
      environment,
      locations,
      reaper: nodeReaperCommand(),
    });
    await machine.backends[kind].check();
    return new SessionRig(kind, engine, home, machine, locations);
  }

  /** A manager of its own, on the same machine. */
  newManager(): SessionManager {
    return this.#newManager();
  }

  /** Opens a session and does not wait for it. */
  start(opening: Opening = {}, manager = this.manager): Session {
    const profile = this.#profile(opening);
    this.#profiles.set(profile.id, profile);
    const session = manager.open({ profileId: profile.id, cols: 80, rows: 24 });
    this.#opened.push(session);
    return session;
  }

  /** A session that was opened otherwise: it may not leave anything behind either. */
  adopt(session: Session): void {
    this.#opened.push(session);
  }

  /** Opens a session and waits for its prompt. */
  async open(opening: Opening = {}, manager = this.manager): Promise<Screen> {
    const screen = new Screen(this.start(opening, manager));
    await screen.prompt();
    // Its recording may take a moment longer than its shell.
    await screen.session.started;
    return screen;
  }

  recordingFolder(session: Session): string {
    return this.#recorders.folderOf(session.id);
  }

  recordingFile(session: Session): string {
    return join(this.recordingFolder(session), RECORDING_FILE);
  }

  /** Nothing can be recorded until this is disposed. */
  withoutRecordings(): Disposable {
    const { sessions } = this.#locations;
    const aside = `${sessions}.aside`;
    renameSync(sessions, aside);
    writeFileSync(sessions, '');
    return {
      [Symbol.dispose]() {
        rmSync(sessions);
        renameSync(aside, sessions);
      },
    };
  }

  metadata(session: Session): SessionMetadata {
    const file = join(this.recordingFolder(session), METADATA_FILE);
    return metadataSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  }

  /** All output in a recording. */
  recordedText(session: Session): string {
    const [, ...lines] = readFileSync(this.recordingFile(session), 'utf8').trimEnd().split('\n');
    return lines
      .map((line) => JSON.parse(line))
      .filter(([, code]) => code === 'o')
      .map(([, , text]) => text)
      .join('');
  }

  /** Processes of a session, as this machine lists them: those of sandboxes and of an engine's containers, too. */
  processesOf(session: Session): string[] {
    return readdirSync('/proc').filter((entry) => {
      if (!/^\d+$/.test(entry)) return false;
      try {
        return readFileSync(`/proc/${entry}/environ`, 'latin1').includes(`${SESSION_MARK}=${session.id}`);
      } catch {
        return false;
      }
    });
  }

  /** Ends what runs, and then checks that nothing of the sessions so far is left. */
  async expectNothingLeft(): Promise<void> {
    await Promise.all(this.#managers.flatMap(({ live }) => live.map((session) => session.end('closed'))));
    const opened = this.#opened.splice(0);
    for (const session of opened) {
      expect(session.ended?.survivors, `survivors of ${session.id}`).toEqual([]);
      expect(this.processesOf(session), `processes of ${session.id}`).toEqual([]);
      expect(cgroupsOf(session), `cgroups of ${session.id}`).toEqual([]);
      expect(session.events.filter(({ type }) => type === 'session:end')).toHaveLength(1);
    }
    for (const manager of this.#managers) for (const { id } of manager.list()) manager.dismiss(id);
    expect(await this.containers(), 'containers').toEqual([]);
    expect(this.complaints, 'complaints').not.toContain('A step of an ending failed');
  }

  /** Containers that these sessions have made. */
  async containers(): Promise<string[]> {
    return this.kind === 'docker' && this.#engine.ok ? containersOf(this.#engine.docker, this.#installation) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const manager of this.#managers) await manager.quit();
    await this.machine.close();
    if (this.#engine.ok) await removeContainers(this.#engine.docker, await this.containers());
    rmSync(this.#home, { recursive: true, force: true });
  }

  #profile({ limits = {}, profile = {}, bubblewrap = {}, container = {} }: Opening): Profile {
    const common = {
      ...COMMON,
      args: [...COMMON.args],
      credentials: [],
      ...profile,
      limits,
      id: `suite-${this.#profiles.size}`,
    };
    switch (this.kind) {
      case 'pty':
        return { ...common, backend: 'pty' };
      case 'bubblewrap':
        return { ...common, backend: 'bubblewrap', bubblewrap: { ...DEFAULT_BUBBLEWRAP, ...bubblewrap } };
      case 'docker': {
        const image = this.#engine.ok ? this.#engine.image : '';
        return {
          ...common,
          backend: 'docker',
          container: { ...DEFAULT_CONTAINER, image, pull: 'never', ...container },
        };
      }
    }
  }
}

/** Folders of cgroups that were made for a session, in every hierarchy. */
function cgroupsOf(session: Session): string[] {
  return globSync(`/sys/fs/cgroup/**/sandglass-*${session.id}*`);
}
