import type Docker from 'dockerode';
import type { DockerEngine } from '../client/engine.ts';

type Dial = (options: Question, callback: (error: Error | null, answer: unknown) => void) => void;

/** What is asked of the engine. */
export interface Question {
  readonly path: string;
  readonly options?: { readonly _body?: object };
}

/** What to do when something is asked of the engine; an answer takes the place of the engine's. */
export interface Interception {
  /** Called before the question goes out. Throwing is answering with that error. */
  onAsk?(path: string, body: object): void;
  onAnswer?(path: string, answer: unknown): unknown;
}

/** The same engine, but for what `interception` does to the questions that are asked of it about containers. */
export function intercept(engine: DockerEngine, interception: Interception): DockerEngine {
  return {
    ...engine,
    get status() {
      return engine.status;
    },
    async connect() {
      const connected = await engine.connect();
      return connected.ok ? { ...connected, docker: wrapped(connected.docker, interception) } : connected;
    },
  };
}

function wrapped(docker: Docker, { onAsk, onAnswer }: Interception): Docker {
  const modem = docker.modem;
  const dial: Dial = (options, callback) => {
    try {
      onAsk?.(options.path, options.options?._body ?? {});
    } catch (error) {
      setImmediate(() => callback(error instanceof Error ? error : new Error(String(error)), null));
      return;
    }
    modem.dial(options, (error: Error | null, answer: unknown) => {
      callback(error, error === null && onAnswer !== undefined ? onAnswer(options.path, answer) : answer);
    });
  };
  const withDial = new Proxy(modem, { get: (target, name) => (name === 'dial' ? dial : Reflect.get(target, name)) });
  return new Proxy(docker, { get: (target, name) => (name === 'modem' ? withDial : Reflect.get(target, name)) });
}
