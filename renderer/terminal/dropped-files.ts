/** Names that a POSIX shell takes as they are. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A file's path as one argument of a command line: quoted for a POSIX shell, or for those of Windows. */
export function quotePath(path: string, platform: string): string {
  if (platform === 'win32') return /[\s&()^;,=]/.test(path) ? `"${path}"` : path;
  return PLAIN.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** What dropped files put on the command line: their paths, quoted. `pathOf` gives what the host knows of a file's place. */
export function droppedPaths(files: Iterable<File>, platform: string, pathOf: (file: File) => string): string {
  return [...files].map((file) => quotePath(pathOf(file), platform)).join(' ');
}
