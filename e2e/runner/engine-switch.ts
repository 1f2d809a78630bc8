import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { engine } from './containers.ts';

/**
 * A way to the container engine that a test opens and shuts: to the app, the engine is there or is gone. It begins shut.
 */
export class EngineSwitch implements AsyncDisposable {
  /** As `DOCKER_HOST` names it. */
  readonly host: string;
  readonly #folder: string;
  readonly #socket: string;
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#socket = join(folder, 'docker.sock');
    this.host = `unix://${this.#socket}`;
  }

  static async create(): Promise<EngineSwitch> {
    return new EngineSwitch(await mkdtemp(join(tmpdir(), 'sandglass-engine-switch-')));
  }

  async open(): Promise<void> {
    if (!engine.ok) throw new Error(`This test needs ${engine.why}`);
    const path = engine.host.slice('unix://'.length);
    const server = createServer({ allowHalfOpen: true }, (from) => {
      const to = dial({ path, allowHalfOpen: true });
      for (const socket of [from, to]) {
        this.#connections.add(socket);
        socket.once('close', () => this.#connections.delete(socket));
      }
      const ignore = (): void => {
        // Whoever sees it is at the other end.
      };
      pipeline(from, to, ignore);
      pipeline(to, from, ignore);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#socket, resolve));
  }

  /** Nothing listens any more, and every connection is cut. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
