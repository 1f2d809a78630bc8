import type { NotificationPayload } from '../../shared/contract.ts';
import { RequestError } from '../../shared/errors.ts';
import {
  decodeFrame,
  encodeAck,
  encodeBytes,
  encodeInputDropped,
  encodeOpened,
  encodeSize,
  FRAME_HEADER_BYTES,
  type InputKind,
  writeFrameHeader,
} from '../../shared/frames.ts';
import { isWithinLimits } from '../../shared/transport.ts';
import type { InputSource } from '../sessions/input/input-queue.ts';
import type { Watcher } from '../sessions/output/output-flow.ts';
import type { Session } from '../sessions/session.ts';
import type { Tab, Watchable } from '../sessions/tab.ts';
import type { TerminalSize } from '../terminal/compact.ts';

/** Channels one window may hold; more are a mistake or worse. */
const MAX_CHANNELS = 2_000;

/** A terminal's state crosses in parts of this many bytes. */
const STATE_PART_BYTES = 262_144;

interface Channel {
  readonly shown: Watchable;
  readonly watcher: Watcher;
  readonly input: ChannelInput;
}

export interface ChannelsOptions {
  send(frame: Uint8Array): void;
  onClosed(closed: NotificationPayload<'channelClosed'>): void;
}

/** Reports to a window what becomes of the input of one channel; what happens in one turn of the event loop as one frame. */
class ChannelInput implements InputSource {
  readonly #channel: number;
  readonly #send: (frame: Uint8Array) => void;
  #accepted = 0;
  #report: NodeJS.Immediate | null = null;

  constructor(channel: number, send: (frame: Uint8Array) => void) {
    this.#channel = channel;
    this.#send = send;
  }

  onAccepted(bytes: number): void {
    this.#accepted += bytes;
    this.#report ??= setImmediate(() => this.flush());
  }

  onDropped(bytes: number): void {
    this.flush();
    this.#send(encodeInputDropped(this.#channel, bytes));
  }

  /** Reports now what waits to be reported. */
  flush(): void {
    if (this.#report !== null) clearImmediate(this.#report);
    this.#report = null;
    if (this.#accepted > 0) this.#send(encodeAck(this.#channel, this.#accepted));
    this.#accepted = 0;
  }
}

/** One window's terminals: output to it, acknowledgements and input from it. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #channels = new Map<number, Channel>();
  /** The highest number that the window has chosen. */
  #highest = 0;
  /** How many tabs are being opened for a channel. */
  #opening = 0;
  #closed = false;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /**
   * Shows a tab on `channel`: its first frame says what begins there. The number is taken at once, because tabs that are
   * attached together open in any order.
   *
   * Rejects with a RequestError when the window is gone, has too many channels, or has used this number or a higher one.
   */
  async attach(tab: Pick<Tab, 'open'>, channel: number): Promise<void> {
    this.#expectOpen();
    if (this.#channels.size + this.#opening >= MAX_CHANNELS) {
      throw new RequestError('too_many_requests', 'This window shows too many terminals. Close some tabs.');
    }
    if (channel <= this.#highest)
      throw new RequestError('bad_request', 'This channel has been used. Reload the window.');
    this.#highest = channel;
    this.#opening += 1;
    const shown = await tab.open().finally(() => {
      this.#opening -= 1;
    });
    this.#expectOpen();
    this.#show(shown, channel);
  }

  #expectOpen(): void {
    if (this.#closed) throw new RequestError('unknown_session', 'The window is gone.');
  }

  #show(shown: Watchable, channel: number): void {
    const watcher = shown.watch({
      headerBytes: FRAME_HEADER_BYTES,
      opened: (replay) => this.#options.send(encodeOpened(channel, replay)),
      deliver: (buffer) => {
        writeFrameHeader(buffer, 'output', channel);
        this.#options.send(buffer);
      },
      resized: ({ cols, rows }) => this.#options.send(encodeSize(channel, cols, rows)),
      restore: (state) => {
        for (const part of pieces(state, STATE_PART_BYTES)) this.#options.send(encodeBytes('state', channel, part));
      },
      onClosed: (reason) => {
        this.#release(channel);
        this.#leave(shown);
        this.#options.onClosed({ channel, reason });
      },
    });
    const input = new ChannelInput(channel, (frame) => this.#options.send(frame));
    this.#channels.set(channel, { shown, watcher, input });
    if (watcher.replay.replayTruncated && shown.flow.modes().alternateScreen) shown.redraw();
  }

  /** So much of a session fits into this window. */
  resize(session: Session, size: TerminalSize): void {
    const isShown = [...this.#channels.values()].some(({ shown }) => shown === session);
    if (isShown) session.sizes.claim(this, size);
    else session.resize(size.cols, size.rows);
  }

  /** Nothing of a session is shown here any more: its size is another window's to set. */
  #leave(shown: Watchable): void {
    for (const other of this.#channels.values()) if (other.shown === shown) return;
    shown.sizes?.leave(this);
  }

  detach(channel: number): void {
    this.#channels.get(channel)?.watcher.detach();
  }

  /** Takes a frame. False: malformed. One for a channel that has just closed is late, not malformed. */
  receive(message: Uint8Array): boolean {
    if (!isWithinLimits(message)) return false;
    const frame = decodeFrame(message);
    if (frame === null || frame.channel > this.#highest) return false;
    const channel = this.#channels.get(frame.channel);
    if (channel === undefined) return true;
    switch (frame.kind) {
      case 'ack':
        channel.watcher.acknowledge(frame.count);
        return true;
      case 'cancelInput':
        channel.shown.input?.cancel(channel.input);
        return true;
      case 'terminalReply':
        if (channel.watcher.repliesWanted) return this.#write(channel, frame.bytes, frame.kind);
        channel.input.onDropped(frame.bytes.byteLength);
        return true;
      case 'userInput':
      case 'pasteInput':
        channel.shown.sizes?.use(this);
        return this.#write(channel, frame.bytes, frame.kind);
      case 'output':
      case 'inputDropped':
      case 'size':
      case 'state':
      case 'opened':
        return false;
    }
  }

  /** Lets go of every session. */
  close(): void {
    this.#closed = true;
    for (const { watcher } of [...this.#channels.values()]) watcher.detach();
    for (const channel of [...this.#channels.keys()]) this.#release(channel);
  }

  /** False: more than a channel may have on its way. */
  #write({ shown, input }: Channel, bytes: Uint8Array, kind: InputKind): boolean {
    const outcome = shown.write(bytes, {
      user: kind !== 'terminalReply',
      isPaste: kind === 'pasteInput',
      source: input,
    });
    if (outcome !== 'written') input.onDropped(bytes.byteLength);
    return outcome !== 'refused';
  }

  /** The channel is gone, and with it who wrote into it. */
  #release(channel: number): void {
    const gone = this.#channels.get(channel);
    if (gone === undefined) return;
    this.#channels.delete(channel);
    gone.shown.input?.release(gone.input);
    gone.input.flush();
  }
}

/** Pieces of at most `max` bytes, as views. */
function* pieces(bytes: Uint8Array, max: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += max) yield bytes.subarray(start, start + max);
}
