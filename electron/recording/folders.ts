import { join } from 'node:path';
import { decodeTime } from 'ulid';
import type { SessionId } from '../../shared/session.ts';

/** The folder of a session below the folder of all: `2026/11/<id>`, by the time in its id (UTC). Throws for a non-ULID. */
export function sessionFolder(root: string, id: SessionId): string {
  const made = new Date(decodeTime(id));
  const month = String(made.getUTCMonth() + 1).padStart(2, '0');
  return join(root, String(made.getUTCFullYear()), month, id);
}
