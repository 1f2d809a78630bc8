import { isAppUrl } from './app-origin.ts';

/** Of an IPC event, what tells who sent it. */
export interface SenderEvent {
  readonly sender: { readonly id: number };
  /** Null: the frame is gone. */
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null;
}

/** Whether a message may be acted on, or why not. */
export type SenderCheck = { ok: true } | { ok: false; why: string };

/**
 * Only the main frame of our own window, showing our own page, may ask for anything.
 *
 * @param windowId the id of our window's web contents; null when there is no window
 */
export function checkSender({ sender, senderFrame }: SenderEvent, windowId: number | null): SenderCheck {
  if (windowId === null || sender.id !== windowId) return { ok: false, why: 'it is not our window' };
  if (senderFrame === null) return { ok: false, why: 'its frame is gone' };
  if (senderFrame.parent !== null) return { ok: false, why: 'it is not the main frame' };
  if (!isAppUrl(senderFrame.url)) return { ok: false, why: `its page is ${senderFrame.url.slice(0, 200)}` };
  return { ok: true };
}
