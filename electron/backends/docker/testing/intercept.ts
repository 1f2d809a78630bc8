import type { DockerEngine } from '../client/engine.ts';
import type { EngineClient, EngineRequest } from '../client/engine-client.ts';

/** What to do when something is asked of the engine; an answer takes the place of the engine's. */
export interface Interception {
  /** Called before a request goes out. Throwing is answering with that error. */
  onAsk?(path: string, body: object): void;
  onAnswer?(path: string, answer: unknown): unknown;
}

/** The same engine, but for what `interception` does to the requests about containers. */
export function intercept(engine: DockerEngine, interception: Interception): DockerEngine {
  return {
    ...engine,
    get status() {
      return engine.status;
    },
    async connect() {
      const connected = await engine.connect();
      return connected.ok ? { ...connected, client: wrapped(connected.client, interception) } : connected;
    },
  };
}

function wrapped(client: EngineClient, { onAsk, onAnswer }: Interception): EngineClient {
  const ask = ({ path, body = {} }: EngineRequest): void => onAsk?.(path, body);
  const answer = (path: string, value: unknown): unknown => (onAnswer === undefined ? value : onAnswer(path, value));
  return {
    async request(request, bounds) {
      ask(request);
      const { status, body } = await client.request(request, bounds);
      return { status, body: answer(request.path, body) };
    },
    async call(request, schema, bounds) {
      ask(request);
      return client.call(request, { parse: (body) => schema.parse(answer(request.path, body)) }, bounds);
    },
    async stream(request, signal) {
      ask(request);
      return client.stream(request, signal);
    },
    async hijack(request, bounds) {
      ask(request);
      return client.hijack(request, bounds);
    },
    close: () => client.close(),
  };
}
