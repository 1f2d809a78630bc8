import { METHODS, type MethodInput, type MethodName, type MethodOutput } from '../../../shared/contract.ts';
import { decodeFrame, type Replay } from '../../../shared/frames.ts';
import type { Transport } from '../../../shared/transport.ts';

type Message = string | Uint8Array;

/** A window at the other end of a transport: sends what it likes, and keeps what it gets. */
export class Window implements Transport {
  readonly got: Message[] = [];
  readonly bufferedBytes = 0;
  closedBecause: string | null = null;
  #receive: (message: Message) => void = () => {};
  #onClose: (reason: string) => void = () => {};
  #changed: () => void = () => {};
  #nextId = 0;
  #channel = 0;

  send(message: Message): void {
    this.got.push(message);
    this.#changed();
  }

  onMessage(listener: (message: Message) => void): void {
    this.#receive = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  close(reason: string): void {
    this.closedBecause = reason;
    this.#onClose(reason);
    this.#changed();
  }

  put(message: Message): void {
    this.#receive(message);
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async ask<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> {
    this.#nextId += 1;
    const id = `ask-${this.#nextId}`;
    this.put(JSON.stringify({ t: 'q', m: method, a: [input], i: id }));
    const answer = await this.until(() => this.controls.find((control) => control.i === id));
    if (answer.e !== undefined) throw new Error(`${answer.e.code}: ${answer.e.message}`);
    // The compiler cannot follow a generic key through the table to its schema's type.
    return METHODS[method].output.parse(answer.r) as MethodOutput<M>;
  }

  /** Shows a session's terminal on a channel of its own; resolves when it is open. */
  async attach(id: string): Promise<Replay & { channel: number }> {
    this.#channel += 1;
    const channel = this.#channel;
    await this.ask('sessions.attach', { id, channel });
    return this.until(() => this.opened(channel));
  }

  /** What a channel begins with, once its first frame is there. */
  opened(channel: number): (Replay & { channel: number }) | undefined {
    for (const message of this.got) {
      const frame = typeof message === 'string' ? null : decodeFrame(message);
      if (frame?.kind === 'opened' && frame.channel === channel) return frame;
    }
    return undefined;
  }

  get controls() {
    return this.got.flatMap((message) => (typeof message === 'string' ? [JSON.parse(message)] : []));
  }

  notifications(name: string): unknown[] {
    return this.controls.filter((control) => control.t === 'q' && control.m === name).map((control) => control.a[0]);
  }

  /** What it was told of the input of a channel so far. */
  inputAnswers(channel: number): ['ack' | 'inputDropped', number][] {
    return this.got.flatMap((message) => {
      const frame = typeof message === 'string' ? null : decodeFrame(message);
      if (frame?.kind !== 'ack' && frame?.kind !== 'inputDropped') return [];
      return frame.channel === channel ? [[frame.kind, frame.count]] : [];
    });
  }

  /** All terminal output so far on a channel. */
  output(channel: number): string {
    const frames = this.got.flatMap((message) => (typeof message === 'string' ? [] : [decodeFrame(message)]));
    return frames
      .flatMap((frame) =>
        frame?.kind === 'output' && frame.channel === channel ? [new TextDecoder().decode(frame.bytes)] : [],
      )
      .join('');
  }
}
