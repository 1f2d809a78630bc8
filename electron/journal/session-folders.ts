import { lstat, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { messageOf } from '../../shared/error-message.ts';
import { type SessionId, sessionIdSchema } from '../../shared/session.ts';
import { errorCode } from '../recording/failure.ts';
import { sessionFolder } from '../recording/folders.ts';

export type FolderRemoval = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Removes the folder of a session with its recording, and the folders of its month and year once they are empty. Follows no
 * link, neither on the way there nor in it: what a link leads to stays. A folder that is not there is as good as removed.
 *
 * @param root the folder of all sessions
 * @param nowMs the wall clock, in milliseconds since the epoch: the current month's folder stays, others may be using it
 */
export async function removeSessionFolder(root: string, id: SessionId, nowMs: number): Promise<FolderRemoval> {
  if (!sessionIdSchema.safeParse(id).success) return { ok: false, message: `“${id}” is not the id of a session` };
  try {
    const folder = sessionFolder(root, id);
    const linked = await linkOnTheWay(root, dirname(folder));
    if (linked !== null) return { ok: false, message: `${linked} is not a folder of its own` };
    await rm(folder, { recursive: true, force: true, maxRetries: 2 });
    const month = dirname(folder);
    if (month !== join(root, ...monthOf(nowMs))) {
      await removeEmpty(month);
      await removeEmpty(dirname(month));
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

function monthOf(ms: number): readonly [year: string, month: string] {
  const now = new Date(ms);
  return [String(now.getUTCFullYear()), String(now.getUTCMonth() + 1).padStart(2, '0')];
}

/** The first part between the root and the folder that is no plain folder; null when all are, or are not there. */
async function linkOnTheWay(root: string, folder: string): Promise<string | null> {
  let path = root;
  for (const part of relative(root, folder).split(sep)) {
    path = join(path, part);
    try {
      if (!(await lstat(path)).isDirectory()) return path;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }
  return null;
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch {
    // Something else is in it, or it is gone already.
  }
}
