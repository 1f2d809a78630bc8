/** One mount, as `/proc/<pid>/mountinfo` shows it (proc_pid_mountinfo(5)). */
export interface Mount {
  /** Where it is. */
  readonly folder: string;
  /** Which part of its file system its top folder is. */
  readonly root: string;
  /** `ext4`, `tmpfs`, `cgroup2`, … */
  readonly type: string;
  /** Options of this mount, such as `ro` and `nosuid`. */
  readonly options: ReadonlySet<string>;
  /** Options of the file system itself. */
  readonly superOptions: ReadonlySet<string>;
}

/** All mounts in the text of a mountinfo file, in its order: a later one covers an earlier one at the same place. */
export function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, folder, options = ''] = before.split(' ');
    const [type = '', , superOptions = ''] = after.split(' ');
    if (root === undefined || folder === undefined) continue;
    mounts.push({
      root: unescapeOctal(root),
      folder: unescapeOctal(folder),
      type,
      options: new Set(options.split(',')),
      superOptions: new Set(superOptions.split(',')),
    });
  }
  return mounts;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
