import { z } from 'zod';
import type { StartProgress } from '../../../../shared/session.ts';
import { oneLine, reasonIn } from '../client/engine-text.ts';

/** One line of a pull (`POST /images/create`), as far as it is used. */
const lineSchema = z.object({
  id: z.string().nullish(),
  status: z.string().nullish(),
  error: z.string().nullish(),
  errorDetail: z.object({ message: z.string().nullish() }).nullish(),
  progressDetail: z.object({ current: z.number().nullish(), total: z.number().nullish() }).nullish(),
});

interface Layer {
  /** Of `total` bytes; null while its size is not known. */
  downloaded: number;
  total: number | null;
  state: 'waiting' | 'downloading' | 'extracting' | 'done';
}

/** Progress is reported this often at most, in milliseconds. */
const THROTTLE_MS = 100;
/** More layers than any engine takes (127 on overlay2). */
const MAX_LAYERS = 512;
/** How much of a layer's work its download is; the rest is its unpacking. */
const DOWNLOAD_SHARE = 0.8;

/** Follows a pull line by line. */
export interface LayerProgress {
  /** @returns why the pull has failed; null while it has not. */
  take(value: unknown): string | null;
  /** Nothing is reported after this. */
  end(): void;
}

/** Reports how far a pull has come, at most ten times a second, the last state always. */
export function followLayers(reference: string, onProgress: (progress: StartProgress) => void): LayerProgress {
  const layers = new Map<string, Layer>();
  let timer: NodeJS.Timeout | null = null;
  let isPending = true;
  let furthest = 0;

  const report = (): void => {
    isPending = false;
    const { detail, fraction } = summarize([...layers.values()]);
    furthest = Math.max(furthest, fraction ?? 0);
    onProgress({
      stage: 'pull',
      message: `Pulling ${reference}`,
      detail,
      fraction: fraction === null ? null : furthest,
    });
    timer = setTimeout(() => {
      timer = null;
      if (isPending) report();
    }, THROTTLE_MS);
  };
  report();

  return {
    take(value) {
      const parsed = lineSchema.safeParse(value);
      if (!parsed.success) return null;
      const { id, status, error, errorDetail, progressDetail } = parsed.data;
      if (typeof error === 'string' || typeof errorDetail?.message === 'string') {
        return oneLine(errorDetail?.message ?? error ?? '') || reasonIn(value) || 'no reason given';
      }
      if (typeof id !== 'string' || typeof status !== 'string') return null;
      const known = layers.get(id);
      const state = stateOf(status);
      // Lines that are no layer's, such as the name of the image, carry other texts.
      if (state === null || (known === undefined && layers.size >= MAX_LAYERS)) return null;
      const layer = known ?? { downloaded: 0, total: null, state };
      layers.set(id, layer);
      layer.state = state;
      if (state === 'downloading') {
        const { current, total } = progressDetail ?? {};
        if (typeof total === 'number' && total > 0) layer.total = total;
        if (typeof current === 'number' && current >= 0) layer.downloaded = current;
      } else if (state !== 'waiting' && layer.total !== null) {
        layer.downloaded = layer.total;
      }
      isPending = true;
      if (timer === null) report();
      return null;
    },
    end() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

/** What a status of an engine says of a layer; null for one about something else. */
function stateOf(status: string): Layer['state'] | null {
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return 'waiting';
    case 'Downloading':
    case 'Retrying':
      return 'downloading';
    case 'Verifying Checksum':
    case 'Download complete':
    case 'Extracting':
      return 'extracting';
    case 'Pull complete':
    case 'Already exists':
      return 'done';
    default:
      return /^Retrying in/.test(status) ? 'downloading' : null;
  }
}

/** “3 of 5 layers · 12 of 48 MB”, and how much of the work that is; null before anything is known. */
function summarize(layers: readonly Layer[]): { detail: string; fraction: number | null } {
  if (layers.length === 0) return { detail: '', fraction: null };
  const done = layers.filter(({ state }) => state === 'done').length;
  const sized = layers.filter((layer): layer is Layer & { total: number } => layer.total !== null);
  const total = sized.reduce((sum, layer) => sum + layer.total, 0);
  const current = sized.reduce((sum, layer) => sum + Math.min(layer.downloaded, layer.total), 0);
  const parts = [`${done} of ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`];
  if (total > 0) parts.push(`${megabytes(current)} of ${megabytes(total)} MB`);
  const work = layers.reduce((sum, layer) => {
    if (layer.state === 'done') return sum + 1;
    if (layer.state === 'extracting') return sum + DOWNLOAD_SHARE;
    return sum + (layer.total === null ? 0 : DOWNLOAD_SHARE * Math.min(1, layer.downloaded / layer.total));
  }, 0);
  return { detail: parts.join(' · '), fraction: Math.min(1, work / layers.length) };
}

/** In millions of bytes, as registries count; one decimal below ten. */
function megabytes(bytes: number): string {
  const amount = bytes / 1_000_000;
  return amount < 10 ? amount.toFixed(1) : amount.toFixed(0);
}
