import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { METADATA_FILE, metadataSchema, type SessionMetadata } from '../../shared/recording.ts';
import { describeFileError, errorCode } from './failure.ts';

export type WriteMetadataResult = { ok: true; file: string } | { ok: false; message: string };

export type ReadMetadataResult =
  | { ok: true; metadata: SessionMetadata }
  | { ok: false; reason: 'missing' | 'unreadable' | 'invalid'; message: string };

/** Metadata as it stands in `session.json` and in exports: JSON for people and programs. */
export function formatMetadata(metadata: Partial<SessionMetadata>): string {
  return `${JSON.stringify(metadata, null, 2)}\n`;
}

/**
 * Writes `session.json` into a session's folder, for its owner alone (0600): whole or not at all, also when the power
 * fails meanwhile. Metadata that does not fit the schema is a bug and throws.
 */
export async function writeMetadata(folder: string, metadata: SessionMetadata): Promise<WriteMetadataResult> {
  const text = formatMetadata(metadataSchema.parse(metadata));
  const file = join(folder, METADATA_FILE);
  const temporary = `${file}.tmp`;
  try {
    await rm(temporary, { force: true });
    {
      await using handle = await open(temporary, 'wx', 0o600);
      await handle.writeFile(text);
      await handle.sync();
    }
    await rename(temporary, file);
    await syncFolder(folder);
    return { ok: true, file };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {
      // The first error is reported; what stays behind is overwritten by the next attempt.
    });
    const { what, hint } = describeFileError(error);
    return { ok: false, message: `The session's metadata could not be written to ${file}. ${what} ${hint}` };
  }
}

/** Reads `session.json` back. What is in the file is checked like any other input. */
export async function readMetadata(folder: string): Promise<ReadMetadataResult> {
  const file = join(folder, METADATA_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { what, hint } = describeFileError(error);
    const reason = errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable';
    return { ok: false, reason, message: `The session's metadata cannot be read from ${file}. ${what} ${hint}` };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'invalid', message: `${file} is damaged: it is not JSON.` };
  }
  const parsed = metadataSchema.safeParse(json);
  if (parsed.success) return { ok: true, metadata: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` at “${issue.path.join('.')}”`;
  return { ok: false, reason: 'invalid', message: `${file} is not the metadata of a session: wrong${where}.` };
}

/** Makes a rename in a folder last; where folders cannot be synced (Windows), it lasts as the system sees fit. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
