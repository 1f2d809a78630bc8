import type Docker from 'dockerode';
import * as z from 'zod';
import { reasonIn } from './engine-failures.ts';
import { EngineTimeout } from './engine-http.ts';

/** The engine said no. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly status: number;
  /** In the engine's words: one line, bounded. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`the container engine answered ${status}: ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** What dockerode's connection says of an answer that it does not expect. */
const refusalSchema = z.object({ statusCode: z.int(), json: z.unknown() });

/** The part of docker-modem that is used here; dockerode's types leave it open. */
interface Modem {
  dial(options: object, callback: (error: Error | null, response: unknown) => void): void;
}

/** Asks by dockerode's connection. Rejects with {@link EngineRefusal}, or when `abortSignal` aborts. */
export function dial(
  docker: Docker,
  options: { readonly abortSignal: AbortSignal } & Record<string, unknown>,
): Promise<unknown> {
  const modem: Modem = docker.modem;
  const { abortSignal } = options;
  return new Promise((resolve, reject) => {
    modem.dial(options, (error, response) => {
      if (error === null) return resolve(response);
      if (abortSignal.aborted) return reject(new EngineTimeout('the container engine did not answer in time'));
      const refusal = refusalSchema.safeParse(error);
      reject(refusal.success ? new EngineRefusal(refusal.data.statusCode, reasonIn(refusal.data.json)) : error);
    });
  });
}
