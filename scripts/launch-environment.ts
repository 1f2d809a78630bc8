import { readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';

/** An environment as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variable in which the desktop app finds the names of all variables that it was called with, as a JSON list: Electron and
 * its libraries add some before the app's own code runs.
 */
const LAUNCH_NAMES = 'SANDGLASS_LAUNCH_NAMES';

/** As many ancestors as are looked at for npm: its shell, and a few wrappers. */
const MAX_ANCESTORS = 8;

/**
 * The environment that the launcher was called with: this process's own, without what npm (or another runner of package
 * scripts) added to it.
 *
 * On Linux it is read from npm's own process, whose initial environment the kernel keeps. Elsewhere, and where that process is
 * not found, what npm documents to add is taken out (https://docs.npmjs.com/cli/using-npm/scripts#environment).
 */
export function launchEnvironment(environment: Environment = process.env): Record<string, string> {
  const own = defined(environment);
  if (own.npm_lifecycle_event === undefined) return own;
  const called = process.platform === 'linux' ? environmentOfRunner(own) : null;
  if (called === null) return withoutRunner(own);
  // npm that was itself called by a script of a package.
  return called.npm_lifecycle_event === undefined ? called : withoutRunner(called);
}

/** The environment for the desktop app: what the launcher was called with, and the names in it. */
export function desktopEnvironment(called: Readonly<Record<string, string>>): Record<string, string> {
  return { ...called, [LAUNCH_NAMES]: JSON.stringify(Object.keys(called)) };
}

/** What the nearest ancestor that is the script's runner was called with; null where none is found (Linux). */
function environmentOfRunner(own: Readonly<Record<string, string>>): Record<string, string> | null {
  const runner = own.npm_node_execpath;
  if (runner === undefined) return null;
  try {
    const executable = realpathSync(runner);
    let pid = process.ppid;
    for (let step = 0; step < MAX_ANCESTORS && pid > 1; step += 1) {
      const folder = `/proc/${pid}`;
      if (statSync(folder).uid === process.getuid?.() && readlinkSync(`${folder}/exe`) === executable) {
        const called = parseEnvironment(readFileSync(`${folder}/environ`, 'utf8'));
        // A process of the script itself may run on the same Node.
        if (!isOfSameScript(called, own)) return called;
      }
      pid = parentOf(readFileSync(`${folder}/stat`, 'utf8'));
    }
  } catch {
    // A hidden or restricted /proc: what npm adds is taken out instead.
  }
  return null;
}

function isOfSameScript(environment: Environment, own: Environment): boolean {
  const names = ['npm_lifecycle_event', 'npm_lifecycle_script', 'npm_package_json', 'INIT_CWD'];
  return names.every((name) => environment[name] === own[name]);
}

/** Variables as the kernel keeps them, each ended by a zero byte. Of a name that is there twice the first counts, as for getenv(3). */
export function parseEnvironment(text: string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const variable of text.split('\0')) {
    const equals = variable.indexOf('=', 1);
    if (equals < 0) continue;
    const name = variable.slice(0, equals);
    if (!Object.hasOwn(environment, name)) environment[name] = variable.slice(equals + 1);
  }
  return environment;
}

/** The parent in the text of `/proc/PID/stat`; the command's name before it is in parentheses, and may hold some itself. */
function parentOf(stat: string): number {
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(parent);
}

/**
 * What npm adds under names of its own. Its settings are among them, those of every `.npmrc` too: whether the user had set one
 * in the environment cannot be told, and the user's own npm reads the same files.
 */
const NPM_OWN = /^npm_(?:config_|lifecycle_|package_|command$|execpath$|node_execpath$)/;

/** The environment without what npm adds to that of a script. The user's `EDITOR` stays where it can be told from npm's. */
export function withoutRunner(environment: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (NPM_OWN.test(name) || name === 'INIT_CWD') continue;
    if (name === 'NODE' && value === environment.npm_node_execpath) continue;
    if (name === 'COLOR' && /^[01]$/.test(value)) continue;
    if (name === 'EDITOR' && isEditorOfNpm(environment)) continue;
    kept[name] = /^path$/i.test(name) ? pathWithoutRunner(value, environment) : value;
  }
  return kept;
}

/** npm sets `EDITOR` to what its own setting says: by default `EDITOR`, else `VISUAL`, else the system's. */
function isEditorOfNpm({ EDITOR, VISUAL }: Environment): boolean {
  return VISUAL === undefined && (EDITOR === 'vi' || /(^|[\\/])notepad\.exe$/i.test(EDITOR ?? ''));
}

/** `PATH` without what npm puts in front: the `node_modules/.bin` of the package and of each parent, and node-gyp's. */
function pathWithoutRunner(path: string, environment: Environment): string {
  const added = new Set<string>();
  const roots = [environment.npm_package_json, environment.INIT_CWD].filter((root) => root !== undefined);
  for (const root of roots) {
    for (let folder = root; ; folder = dirname(folder)) {
      added.add(join(folder, 'node_modules', '.bin'));
      if (folder === dirname(folder)) break;
    }
  }
  const gyp = join('run-script', 'lib', 'node-gyp-bin');
  const entries = path.split(delimiter);
  const first = entries.findIndex((entry) => !added.has(entry) && !entry.endsWith(`${sep}${gyp}`));
  return first < 0 ? '' : entries.slice(first).join(delimiter);
}

function defined(environment: Environment): Record<string, string> {
  const entries = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
