import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** One thing of this machine that a sandbox sees: a link, or a folder that it may read. */
export type SystemEntry =
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'read-only'; readonly path: string };

/** What of this machine every sandbox sees besides `/etc`, and what of the kernel's own files it must not. */
export interface SystemView {
  readonly entries: readonly SystemEntry[];
  /** Below `/proc`: what root's processes could change. Read-only in a sandbox. */
  readonly guarded: readonly string[];
  /** Below `/proc`: what only root may read. Empty in a sandbox. */
  readonly hidden: readonly string[];
}

/** Programs and libraries. Not `/opt`: what is installed there comes with data and settings of its own. */
export const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];
/** NixOS keeps its `PATH` here. */
const PROGRAM_LINKS = ['/run/current-system'];
/** What packages generate for their programs when they are installed: certificates (openSUSE, Fedora), TeX's formats, caches. */
const GENERATED = ['/var/lib/ca-certificates', '/var/lib/texmf', '/var/cache/fontconfig', '/var/cache/man'];

/**
 * Files of the kernel that belong to root. bubblewrap covers some of them, but leaves out `/proc/sys`, whose folder root may
 * not write while its files root may: a sandbox that root has started could change the machine's settings.
 */
const GUARDED = ['sys', 'fs', 'acpi', 'scsi', 'mtrr', 'dynamic_debug'];
const HIDDEN = ['kpagecount', 'kpageflags', 'kpagecgroup', 'slabinfo', 'timer_list', 'vmallocinfo'];

/** Finds out what this machine has of all that. Reads only names and links. */
export function readSystemView(): SystemView {
  const inProc = (names: readonly string[]): string[] => names.map((name) => `/proc/${name}`).filter(existsSync);
  return {
    entries: [...PROGRAMS, ...PROGRAM_LINKS, ...GENERATED].flatMap(entryFor),
    guarded: inProc(GUARDED),
    hidden: inProc(HIDDEN),
  };
}

/** A link stays one where its target is shown as well; any other is followed, so that what it leads to is shown. */
function entryFor(path: string): SystemEntry[] {
  try {
    const found = statSync(path);
    if (lstatSync(path).isSymbolicLink()) {
      const target = readlinkSync(path);
      const leadsTo = resolve(dirname(path), target);
      const isShown = [...PROGRAMS, '/proc'].some((folder) => leadsTo === folder || leadsTo.startsWith(`${folder}/`));
      if (isShown) return [{ kind: 'link', path, target }];
    }
    // What others may not read is not for a sandbox either, even if root has started it.
    if (!found.isDirectory() || (found.mode & 0o005) !== 0o005) return [];
    return readdirSync(path).length === 0 ? [] : [{ kind: 'read-only', path }];
  } catch {
    return [];
  }
}

/** Whether a program is inside a sandbox, with all links followed: one of the system's, or one in the chosen folder. */
export function isInView(path: string, view: SystemView, folder: string | null): boolean {
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return false;
  }
  const shown = view.entries.flatMap((entry) => (entry.kind === 'read-only' ? [entry.path] : []));
  return [...shown, ...(folder === null ? [] : [folder])].some((each) => real === each || real.startsWith(`${each}/`));
}
