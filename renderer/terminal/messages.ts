import { formatBytes } from '../components/format.ts';
import type { InputState, StopReason } from './input-queue.ts';

/** What is said of input that takes its time, or did not arrive whole. */
export interface InputMessage {
  readonly title: string;
  readonly detail: string;
}

const STOPPED: Readonly<Record<StopReason, string>> = {
  cancelled: 'cancelled',
  ended: 'cut off because the session ended',
  lost: 'cut off because the connection was lost',
  program_changed: 'stopped because another program is reading now',
};

/** @param isFrozen the session is frozen, so that nothing reads. */
export function inputMessage(input: InputState, isFrozen: boolean): InputMessage {
  const what = input.isPaste ? 'Paste' : 'Input';
  if (input.kind === 'refused') {
    const count = input.characters === 1 ? '1 character was' : `${input.characters} characters were`;
    return {
      title: `${what} not sent: there is no connection.`,
      detail: `${count} not sent, and will not be sent later.`,
    };
  }
  const { isPaste, acceptedBytes, totalBytes } = input;
  const amount = `${formatBytes(acceptedBytes)} of ${formatBytes(totalBytes)}`;
  if (input.kind === 'sending') {
    if (isFrozen) return { title: `${what} waits until the session is thawed.`, detail: `${amount} sent.` };
    const title = isPaste ? 'Pasting…' : 'Waiting for the program to read what you typed…';
    const isStalled = isPaste && input.isWaiting;
    return { title, detail: `${amount} sent.${isStalled ? ' The program is not reading.' : ''}` };
  }
  // What was on its way when the connection went may have arrived.
  const sent = input.why === 'lost' ? `${amount} is known to have arrived.` : `${amount} had arrived.`;
  return { title: `${what} ${STOPPED[input.why]}.`, detail: sent };
}
