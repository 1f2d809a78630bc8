import { RequestError } from '../../shared/errors.ts';
import type { ExportFormat } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import { createExport, type ExportMetadata } from '../recording/exports/export.ts';
import { readMetadata } from '../recording/metadata.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import { Remains } from '../sessions/ended-session.ts';
import type { SessionManager } from '../sessions/manager.ts';
import { describeSession } from '../sessions/metadata.ts';
import type { ExportSource } from './core.ts';

/** Prepares the export of a session: of what has been recorded so far while it lives, of its files once it has ended. */
export async function prepareExport(
  manager: SessionManager,
  recorders: RecorderFactory,
  app: { readonly name: string; readonly version: string },
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
  if (session !== undefined && session.ended === null) {
    await session.recording.flush();
    metadata = describeSession(session, app);
  } else {
    const read = await readMetadata(folder);
    // Of a session of an earlier run, what stands in no file is known all the same.
    const tab = manager.tab(id);
    const kept = tab instanceof Remains ? tab.metadata : null;
    if (read.ok) metadata = read.metadata;
    else if (kept !== null) metadata = kept;
    else throw new RequestError('export_failed', read.message);
  }
  return createExport(format, { folder, metadata });
}
