import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import * as z from 'zod';
import type { ServedApp } from '../e2e/runner/web-host.ts';
import { METHODS, type MethodInput, type MethodName, type MethodOutput } from '../shared/contract.ts';
import { decodeFrame, encodeAck, encodeBytes } from '../shared/frames.ts';
import { type SessionEvent, sessionEventSchema } from '../shared/session.ts';
import type { Problem } from '../shared/settings.ts';

/** How long anything may take that is waited for, in milliseconds: the machine is busy. */
const PATIENCE_MS = 60_000;

const messageSchema = z.looseObject({
  t: z.enum(['q', 's']),
  i: z.string().optional(),
  m: z.string().optional(),
  a: z.array(z.unknown()).optional(),
  r: z.unknown().optional(),
  e: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
type Message = z.infer<typeof messageSchema>;

/** What whoever still waits is told when the app has gone. */
const GONE: Message = { t: 's', e: { code: 'gone', message: 'The app is gone' } };

/** A window of the served app without the window: asks, types, and reads what terminals are shown. */
export class AppWindow {
  readonly events: SessionEvent[] = [];
  readonly #socket: WebSocket;
  readonly #answers = new Map<string, (answer: Message) => void>();
  #isGone = false;
  readonly #output = new Map<number, string>();
  readonly #changes = new Set<() => void>();
  #count = 0;
  #channel = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => {
      // The app was killed: `close` follows.
    });
    socket.on('close', () => {
      this.#isGone = true;
      for (const answer of this.#answers.values()) answer(GONE);
      for (const change of [...this.#changes]) change();
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.#onFrame(Buffer.isBuffer(data) ? data : Buffer.alloc(0));
      else this.#onMessage(messageSchema.parse(JSON.parse(String(data))));
      for (const change of [...this.#changes]) change();
    });
  }

  /** Signs in at an app that starts. */
  static async open(app: ServedApp): Promise<AppWindow> {
    const link = await app.nextLink();
    const { origin } = new URL(link);
    const answer = await fetch(link, { redirect: 'manual' });
    const cookie = answer.headers
      .getSetCookie()
      .map((text) => text.split(';')[0] ?? '')
      .join('; ');
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { headers: { origin, cookie } });
    const window = new AppWindow(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return window;
  }

  async ask<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> {
    this.#count += 1;
    const id = `ask-${this.#count}`;
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#answers.set(id, resolve);
    if (this.#isGone) resolve(GONE);
    else this.#socket.send(JSON.stringify({ t: 'q', m: method, a: [input], i: id }));
    const { e, r } = await promise;
    this.#answers.delete(id);
    if (e !== undefined) throw new Error(`${method}: ${e.message}`);
    // The compiler cannot follow a generic key through the table to its schema's type.
    return METHODS[method].output.parse(r) as MethodOutput<M>;
  }

  /** Shows a session's terminal. */
  async attach(id: string): Promise<AppTerminal> {
    this.#channel += 1;
    const channel = this.#channel;
    await this.ask('sessions.attach', { id, channel });
    return {
      id,
      type: (line) => this.#socket.send(encodeBytes('userInput', channel, Buffer.from(`${line}\r`))),
      shown: () => this.#output.get(channel) ?? '',
      until: (text) => this.until(() => this.#output.get(channel)?.includes(text) === true, text),
    };
  }

  /** Resolves when a session has told of such an event. */
  async event(id: string, type: SessionEvent['type']): Promise<SessionEvent> {
    const find = () => this.events.find((event) => event.sessionId === id && event.type === type);
    await this.until(() => find() !== undefined, type);
    const event = find();
    if (event === undefined) throw new Error(`There is no ${type}`);
    return event;
  }

  /** Opens a session and attaches to its terminal; resolves when its shell asks for something. */
  async openShell(profileId?: string): Promise<AppTerminal> {
    const { id } = await this.ask('sessions.open', { profileId, cols: 80, rows: 24 });
    const terminal = await this.attach(id);
    await terminal.until('$ ');
    return terminal;
  }

  /** What the user was told was wrong outside sessions, the oldest first. */
  async problems(): Promise<readonly Problem[]> {
    return (await this.ask('app.info', {})).problems;
  }

  /** Resolves when `isSo`; it is looked at after each message. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo()) resolve();
      else if (this.#isGone) reject(new Error(`The app is gone before this happened: ${what}`));
    };
    const ended = new AbortController();
    const late = delay(PATIENCE_MS, null, { signal: ended.signal }).then(() => {
      throw new Error(`This did not happen in time: ${what}`);
    });
    late.catch(() => {});
    this.#changes.add(look);
    look();
    try {
      await Promise.race([promise, late]);
    } finally {
      this.#changes.delete(look);
      ended.abort();
    }
  }

  #onFrame(data: Uint8Array): void {
    const frame = decodeFrame(data);
    if (frame?.kind !== 'output') return;
    const { channel, bytes } = frame;
    this.#output.set(channel, (this.#output.get(channel) ?? '') + Buffer.from(bytes).toString());
    this.#socket.send(encodeAck(channel, bytes.length));
  }

  #onMessage(message: Message): void {
    const { t, i, m, a } = message;
    if (t === 's' && i !== undefined) this.#answers.get(i)?.(message);
    if (t === 'q' && m === 'sessionEvent') this.events.push(sessionEventSchema.parse(a?.[0]));
  }
}

/** A terminal as a window shows it. */
export interface AppTerminal {
  /** The session's id. */
  readonly id: string;
  type(line: string): void;
  /** All output so far, what is scrolled back to included. */
  shown(): string;
  /** Resolves when it has shown this text. */
  until(text: string): Promise<void>;
}
