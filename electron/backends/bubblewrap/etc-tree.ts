import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** One thing below `/etc` that a sandbox sees. */
export type EtcEntry =
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'file';
      /** Where its content is on this machine, with all links followed. */
      readonly source: string;
      readonly isExecutable: boolean;
      /** Changes whenever the file does. */
      readonly stamp: string;
    };

/** What a sandbox sees below `/etc`, by the path relative to it. A folder comes before what is in it. */
export type EtcTree = ReadonlyMap<string, EtcEntry>;

/** How `/etc` is read. */
export interface EtcRules {
  /** Below which folder the machine's files are: `/`, or a copy of another machine's. */
  readonly root: string;
  /** Folders that sandboxes see at their own paths, so that links into them are kept. */
  readonly shown: readonly string[];
  /** Folders that are never shown: the app's own. */
  readonly forbidden: readonly string[];
}

/** What was read, and which files were left out because of a bound. */
export interface EtcReading {
  readonly tree: EtcTree;
  readonly tooLarge: readonly string[];
  /** Every folder that was read, and when something in it was last added, removed or replaced. */
  readonly folders: ReadonlyMap<string, bigint>;
}

const MAX_ENTRIES = 20_000;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_LINKS = 40;

const READABLE_BY_OTHERS = 0o004n;
const SEARCHABLE_BY_OTHERS = 0o001n;
const OPEN_TO_OTHERS = 0o005n;

/** Made for each sandbox or for all of them, instead of shown. */
const GENERATED = ['passwd', 'group', 'hostname', 'hosts', 'resolv.conf'];
/**
 * Everyone may read these, and no program of the system needs them in a sandbox. They identify the machine or its users, name
 * its disks, or are where passwords of proxies and shares are commonly kept.
 */
const LEFT_OUT =
  /^(machine-id|hostid|passwd-|group-|subuid-?|subgid-?|fstab|crypttab|exports|environment|environment\.d|ld\.so\.preload|sandglass|udev\/hwdb\.bin|ssh\/ssh_host_[^/]*)$/;

/** Links from `/etc` to folders in these are not followed: none of them holds settings. */
const NOT_FOLLOWED = ['/boot', '/dev', '/home', '/media', '/mnt', '/proc', '/root', '/sys', '/tmp', '/var/tmp'];

/**
 * Reads what programs of the system read in `/etc`: every file that all users of this machine may read, with all links
 * followed. What only its owner or a group may read is not part of it, even if this process may read it. Reads names, links
 * and attributes, no content.
 */
export async function readEtc(rules: EtcRules): Promise<EtcReading> {
  const walk = new EtcWalk(rules);
  await walk.folder('/etc', '', ['/etc']).catch(() => {});
  return { tree: walk.tree, tooLarge: walk.tooLarge, folders: walk.folders };
}

/** Whether nothing was added, removed or replaced since. What was changed in place is not noticed. */
export async function isUnchanged(root: string, { folders }: EtcReading): Promise<boolean> {
  const same = await Promise.all(
    [...folders].map(async ([path, changedAt]) => {
      const found = await lstat(join(root, path), { bigint: true }).catch(() => null);
      return found?.mtimeNs === changedAt;
    }),
  );
  return !same.includes(false);
}

/** Where a path leads to, with all links followed. */
export interface PathEnd {
  readonly path: string;
  readonly found: BigIntStats;
}

/** Follows links on a machine whose files are below a folder. Each file is read once. */
export class PublicPaths {
  readonly #root: string;
  readonly #known = new Map<string, Promise<Step>>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Follows a path with all its links.
   *
   * @returns where it ends, or null if there is nothing, or nothing that every user may read.
   */
  async follow(path: string): Promise<PathEnd | null> {
    let parts = path.split('/');
    let at = '/';
    let links = 0;
    try {
      while (parts.length > 0) {
        const [part = '', ...rest] = parts;
        parts = rest;
        if (part === '' || part === '.') continue;
        if (part === '..') {
          at = dirname(at);
          continue;
        }
        const next = join(at, part);
        const { found, target } = await this.step(next);
        if (target !== null) {
          links += 1;
          if (links > MAX_LINKS) return null;
          if (target.startsWith('/')) at = '/';
          parts = [...target.split('/'), ...parts];
          continue;
        }
        if (found.isDirectory() && (found.mode & SEARCHABLE_BY_OTHERS) === 0n) return null;
        at = next;
      }
      const { found } = await this.step(at);
      return (found.mode & READABLE_BY_OTHERS) === 0n ? null : { path: at, found };
    } catch {
      return null;
    }
  }

  /** What is at this path, without following a link there. Rejects where there is nothing. */
  step(path: string): Promise<Step> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const asked = this.#examine(join(this.#root, path));
    this.#known.set(path, asked);
    return asked;
  }

  async #examine(path: string): Promise<Step> {
    const found = await lstat(path, { bigint: true });
    return { found, target: found.isSymbolicLink() ? await readlink(path) : null };
  }
}

interface Step {
  readonly found: BigIntStats;
  /** What it says, where it is a link. */
  readonly target: string | null;
}

class EtcWalk {
  readonly tree = new Map<string, EtcEntry>();
  readonly tooLarge: string[] = [];
  readonly folders = new Map<string, bigint>();
  readonly #rules: EtcRules;
  readonly #paths: PublicPaths;

  constructor(rules: EtcRules) {
    this.#rules = rules;
    this.#paths = new PublicPaths(rules.root);
  }

  /** @param trail the folders that this one was reached through: a link back to one of them is not followed. */
  async folder(source: string, place: string, trail: readonly string[]): Promise<void> {
    const { found } = await this.#paths.step(source);
    this.folders.set(source, found.mtimeNs);
    const names = await readdir(join(this.#rules.root, source)).catch(() => []);
    await Promise.all(
      names.map(async (name) => {
        const at = place === '' ? name : `${place}/${name}`;
        if (this.#isLeftOut(at) || this.#isForbidden(join(source, name))) return;
        if (this.tree.size >= MAX_ENTRIES) {
          this.tooLarge.push(`/etc/${at}`);
          return;
        }
        await this.#entry(join(source, name), at, trail);
      }),
    );
  }

  async #entry(source: string, place: string, trail: readonly string[]): Promise<void> {
    try {
      const { found, target } = await this.#paths.step(source);
      if (target === null) await this.#show(source, place, found, trail);
      else await this.#link(source, place, target, trail);
    } catch {
      // Removed meanwhile, or in a folder that this user may not search.
    }
  }

  async #show(source: string, place: string, found: BigIntStats, trail: readonly string[]): Promise<void> {
    if (found.isDirectory()) {
      if ((found.mode & OPEN_TO_OTHERS) !== OPEN_TO_OTHERS) return;
      this.tree.set(place, { kind: 'folder' });
      await this.folder(source, place, [...trail, source]);
    } else if (found.isFile() && (found.mode & READABLE_BY_OTHERS) !== 0n) {
      if (found.size > MAX_FILE_BYTES) {
        this.tooLarge.push(`/etc/${place}`);
        return;
      }
      const isExecutable = (found.mode & SEARCHABLE_BY_OTHERS) !== 0n;
      const stamp = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
      this.tree.set(place, { kind: 'file', source, isExecutable, stamp });
    }
  }

  /** A link is kept where its target is shown as well. Any other is replaced by what it leads to. */
  async #link(source: string, place: string, target: string, trail: readonly string[]): Promise<void> {
    const end = await this.#paths.follow(source);
    if (end === null || this.#isForbidden(end.path)) return;
    const first = resolve(dirname(source), target);
    if (this.#isShown(end.path)) {
      const isOwn = source === `/etc/${place}`;
      const kept = isOwn ? target : first;
      this.tree.set(place, { kind: 'link', target: this.#isShown(first) ? kept : end.path });
    } else if (end.found.isFile()) {
      await this.#show(end.path, place, end.found, trail);
    } else if (!trail.includes(end.path) && end.path !== '/' && !isIn(end.path, NOT_FOLLOWED)) {
      await this.#show(end.path, place, end.found, trail);
    }
  }

  #isLeftOut(place: string): boolean {
    return GENERATED.includes(place) || LEFT_OUT.test(place);
  }

  #isForbidden(path: string): boolean {
    return isIn(path, this.#rules.forbidden);
  }

  #isShown(path: string): boolean {
    if (isIn(path, ['/etc'])) return !LEFT_OUT.test(path.slice('/etc/'.length));
    return isIn(path, [...this.#rules.shown, '/proc']);
  }
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
