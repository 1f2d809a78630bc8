import type { NotificationPayload } from '../../shared/contract.ts';
import { RequestError } from '../../shared/errors.ts';
import { decodeFrame, FRAME_HEADER_BYTES, writeFrameHeader } from '../../shared/frames.ts';
import { MAX_FRAME_BYTES } from '../../shared/transport.ts';
import type { Watcher } from '../sessions/output-flow.ts';
import type { Watchable } from '../sessions/remains.ts';

/** Channels one window may hold; more are a mistake or worse. */
const MAX_CHANNELS = 2_000;

interface Channel {
  readonly shown: Watchable;
  readonly watcher: Watcher;
}

export interface ChannelsOptions {
  send(frame: Uint8Array): void;
  onClosed(closed: NotificationPayload<'channelClosed'>): void;
  /** A program that does not read was sent more than it may leave unread. */
  onRefused(shown: Watchable): void;
}

/** What a window is told when it attaches. */
export interface Attached {
  readonly channel: number;
  readonly replayBytes: number;
  readonly replayTruncated: boolean;
}

/** One window's terminals: output to it, acknowledgements and input from it. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #channels = new Map<number, Channel>();
  #next = 1;
  #closed = false;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Attaches the window to a session, or what remains of one. Its frames begin to flow after the answer has been sent. */
  attach(shown: Watchable): Attached {
    if (this.#closed) throw new RequestError('unknown_session', 'The window is gone.');
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new RequestError('too_many_requests', 'This window shows too many terminals. Close some tabs.');
    }
    const channel = this.#next;
    this.#next += 1;
    // The answer has to be there before the first frame: until then frames are held.
    let held: (() => void)[] | null = [];
    const whenOpen = (action: () => void): void => {
      if (held === null) action();
      else held.push(action);
    };
    const watcher = shown.watch({
      headerBytes: FRAME_HEADER_BYTES,
      deliver: (buffer) => {
        writeFrameHeader(buffer, 'output', channel);
        whenOpen(() => this.#options.send(buffer));
      },
      onClosed: (reason) => {
        whenOpen(() => {
          this.#channels.delete(channel);
          this.#options.onClosed({ channel, reason });
        });
      },
    });
    this.#channels.set(channel, { shown, watcher });
    setImmediate(() => {
      const actions = held ?? [];
      held = null;
      for (const action of actions) action();
      if (watcher.replayTruncated && shown.flow.modes().alternateScreen) shown.redraw();
    });
    return { channel, replayBytes: watcher.replayBytes, replayTruncated: watcher.replayTruncated };
  }

  detach(channel: number): void {
    this.#channels.get(channel)?.watcher.detach();
  }

  /** Takes a frame. False: malformed. One for a channel that has just closed is late, not malformed. */
  receive(message: Uint8Array): boolean {
    if (message.byteLength > MAX_FRAME_BYTES) return false;
    const frame = decodeFrame(message);
    if (frame === null || frame.kind === 'output' || frame.channel >= this.#next) return false;
    const channel = this.#channels.get(frame.channel);
    if (channel === undefined) return true;
    if (frame.kind === 'ack') {
      channel.watcher.acknowledge(frame.count);
    } else if (frame.kind === 'userInput' || channel.watcher.repliesWanted) {
      const outcome = channel.shown.write(frame.bytes, { user: frame.kind === 'userInput' });
      if (outcome === 'refused') this.#options.onRefused(channel.shown);
    }
    return true;
  }

  /** Lets go of every session. */
  close(): void {
    this.#closed = true;
    for (const { watcher } of [...this.#channels.values()]) watcher.detach();
    this.#channels.clear();
  }
}
