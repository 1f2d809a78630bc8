import WebSocket from 'ws';
import * as z from 'zod';

const answerSchema = z.strictObject({
  t: z.literal('s'),
  i: z.string(),
  r: z.unknown().optional(),
  e: z.strictObject({ code: z.string(), message: z.string() }).optional(),
});

/** What a request was answered with: a result or an error. */
export type Answer = Pick<z.infer<typeof answerSchema>, 'r' | 'e'>;

/** A window's socket without the window: for what no window would send. */
export class RawSocket {
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {
      // Told by `closed`.
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) return;
      const parsed = answerSchema.safeParse(JSON.parse(String(data)));
      if (!parsed.success) return;
      const { i, t: _, ...answer } = parsed.data;
      this.#waiting.get(i)?.(answer);
      this.#waiting.delete(i);
    });
  }

  /** Connects; rejects with the status the server refused it with. */
  static async open(origin: string, headers: Record<string, string>): Promise<RawSocket> {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { headers });
    const raw = new RawSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return raw;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** The next answer with this id. */
  answer(id: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    return promise;
  }

  call(method: string, input: unknown): Promise<Answer> {
    this.#count += 1;
    const id = `raw-${this.#count}`;
    const answer = this.answer(id);
    this.send(JSON.stringify({ t: 'q', m: method, a: [input], i: id }));
    return answer;
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}
