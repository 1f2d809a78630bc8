import { RequestError } from '../../shared/errors.ts';
import type { ExportFormat } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import { createExport, type ExportMetadata } from '../recording/exports/export.ts';
import { readMetadata } from '../recording/metadata.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { SessionManager } from '../sessions/manager.ts';
import type { ExportSource } from './core.ts';

/** Prepares the export of a session: of what has been recorded so far while it lives, of its files once it has ended. */
export async function prepareExport(
  manager: SessionManager,
  recorders: RecorderFactory,
  id: SessionId,
  format: ExportFormat,
): Promise<ExportSource> {
  const session = manager.get(id);
  const folder = recorders.folderOf(id);
  const recording = session?.recording.state();
  if (recording?.state === 'none') {
    throw new RequestError('export_failed', `Nothing to export: ${recording.message ?? 'not recorded'}`);
  }
  let metadata: ExportMetadata;
  if (session !== undefined && !session.hasEnded) {
    await session.recording.flush();
    metadata = session.recordSoFar();
  } else {
    const read = await readMetadata(folder);
    // The metadata of a session of an earlier run is known even if its file could not be written.
    const kept = manager.tab(id)?.unwrittenMetadata ?? null;
    if (read.ok) metadata = read.metadata;
    else if (kept !== null) metadata = kept;
    else throw new RequestError('export_failed', read.message);
  }
  return createExport(format, { folder, metadata });
}
