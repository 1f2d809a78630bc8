import { PassThrough, type Readable } from 'node:stream';
import yazl from 'yazl';

/** One file of a bundle; it is opened when its turn comes. */
export interface BundleEntry {
  readonly name: string;
  open(): Readable;
}

/** For the owner alone, as a regular file. */
const MODE = 0o100600;

/** Files as one zip, deflated, as they are read. Destroying it half-way ends what is being read. */
export function zipStream(entries: readonly BundleEntry[], modified: Date): Readable {
  const zip = new yazl.ZipFile();
  const output = new PassThrough();
  let current: Readable | null = null;
  output.once('close', () => current?.destroy());
  zip.once('error', (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  for (const { name, open } of entries) {
    zip.addReadStreamLazy(name, { mtime: modified, mode: MODE }, (give) => {
      if (output.destroyed) return;
      current = open();
      // The zip only pipes it on, which passes no error.
      current.once('error', (error) => output.destroy(error));
      give(null, current);
    });
  }
  zip.end();
  zip.outputStream.pipe(output);
  return output;
}
