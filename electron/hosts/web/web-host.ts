import type { ExportResult } from '../../../shared/contract.ts';
import type { ExportSource, HostServices } from '../../core/core.ts';
import { type Downloads, safeName } from './downloads.ts';

/** What the browser host does for the core: exports become downloads; folders are only named, not opened. */
export function createWebHost(downloads: Downloads): HostServices {
  return {
    kind: 'web',
    openFolder: () => Promise.resolve(false),
    deliverExport: (source: ExportSource): Promise<ExportResult> =>
      Promise.resolve({ outcome: 'download', path: downloads.offer(source), name: safeName(source.name) }),
  };
}
