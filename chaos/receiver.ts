import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import * as z from 'zod';
import { Random } from './random.ts';

const envelopeSchema = z.looseObject({
  id: z.string(),
  data: z.looseObject({
    event: z.string(),
    sessionId: z.string().nullable(),
    previousId: z.string().nullish(),
    reason: z.string().nullish(),
    startedAt: z.string().nullish(),
    endedAt: z.string().nullish(),
    durationSeconds: z.number().nullish(),
  }),
});

/** What tests sign with. */
export const SECRET = `whsec_${Buffer.from('chaos-webhook-secret-of-32-bytes').toString('base64')}`;

/** An event that was taken in: each once, however often it came. */
export interface Received {
  readonly id: string;
  readonly event: string;
  readonly sessionId: string | null;
  readonly previousId: string | null;
  readonly reason: string | null;
  /** Of the session, in milliseconds since the Unix epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly durationSeconds: number | null;
}

/** What a receiver does to a request. `after`: it has taken the event in and yet does not say so. */
const FAULTS = ['error before', 'error after', 'reset before', 'reset after', 'slow after'] as const;

const FAULT_PROBABILITY = 0.3;
/** How far a sender's clock may be off, in milliseconds, as Standard Webhooks recommends. */
const TOLERANCE_MS = 300_000;
/** Longer than the hook waits, in milliseconds. */
const SLOW_MS = 3_000;

/**
 * A webhook receiver as the world has them: it fails at random, also after it has taken an event in, verifies every
 * signature, and tells repetitions by `webhook-id` (https://www.standardwebhooks.com).
 */
export class Receiver implements AsyncDisposable {
  readonly events: Received[] = [];
  /** What must never come: a wrong signature, or something that is no event. */
  readonly violations: string[] = [];
  repeated = 0;
  faults = 0;
  /** From now on nothing fails by chance. */
  calm = false;
  /** Nothing is taken in. */
  refuses = false;
  /** How far the sender's wall clock is, or was, ahead of this one, in milliseconds: one of these. */
  readonly clocksAheadMs = [0];
  readonly #seen = new Set<string>();
  readonly #server: Server;
  readonly #webhook: Webhook;
  readonly #random: Random;
  readonly #ending = new AbortController();

  private constructor(secret: string, seed: number) {
    this.#webhook = new Webhook(secret);
    this.#random = new Random(seed);
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.violations.push(`The receiver failed: ${String(error)}`);
        response.destroy();
      });
    });
  }

  static async start(secret: string, seed: number): Promise<Receiver> {
    const receiver = new Receiver(secret, seed);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The receiver does not listen');
    return `http://127.0.0.1:${address.port}/events`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) if (part instanceof Buffer) parts.push(part);
    } catch {
      // The sender is gone in the middle of it: it will send again.
      return;
    }
    const body = Buffer.concat(parts).toString();
    const fault = this.#fault();
    if (fault !== null) this.faults += 1;
    if (fault === 'reset before') {
      response.destroy();
      return;
    }
    if (fault === 'error before') {
      response.writeHead(500).end();
      return;
    }
    if (!this.#keep(request, body)) {
      response.writeHead(400).end();
      return;
    }
    switch (fault) {
      case 'reset after':
        response.destroy();
        return;
      case 'error after':
        response.writeHead(503).end();
        return;
      case 'slow after':
        await delay(SLOW_MS, undefined, { signal: this.#ending.signal }).catch(() => {});
        response.writeHead(204).end();
        return;
      case null:
        response.writeHead(204).end();
    }
  }

  /** Throws for a signature that is wrong, or from another time by the sender's clock. */
  #verify(id: string, headers: Readonly<Record<string, string>>, body: string): void {
    const sentAt = Number(headers['webhook-timestamp']) * 1_000;
    const isNow = this.clocksAheadMs.some((ahead) => Math.abs(Date.now() + ahead - sentAt) < TOLERANCE_MS);
    if (!isNow) throw new Error(`It is from ${headers['webhook-timestamp']}`);
    const expected = this.#webhook.sign(id, new Date(sentAt), body);
    const given = (headers['webhook-signature'] ?? '').split(' ');
    if (!given.includes(expected)) throw new Error('It is not that of its secret');
  }

  #fault(): (typeof FAULTS)[number] | null {
    if (this.refuses) return 'error before';
    return !this.calm && this.#random.chance(FAULT_PROBABILITY) ? this.#random.pick(FAULTS) : null;
  }

  #keep(request: IncomingMessage, body: string): boolean {
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const id = headers['webhook-id'] ?? '';
    try {
      this.#verify(id, headers, body);
    } catch (error) {
      this.violations.push(`The signature of ${id} is wrong: ${String(error)}`);
      return false;
    }
    const parsed = envelopeSchema.safeParse(JSON.parse(body));
    if (!parsed.success || parsed.data.id !== id) {
      this.violations.push(`${id} is not an event: ${body.slice(0, 200)}`);
      return false;
    }
    if (this.#seen.has(id)) {
      this.repeated += 1;
      return true;
    }
    this.#seen.add(id);
    const { event, sessionId, previousId, reason, startedAt, endedAt, durationSeconds } = parsed.data.data;
    this.events.push({
      id,
      event,
      sessionId,
      previousId: previousId ?? null,
      reason: reason ?? null,
      startedAt: millisecondsOf(startedAt),
      endedAt: millisecondsOf(endedAt),
      durationSeconds: durationSeconds ?? null,
    });
    return true;
  }
}

function millisecondsOf(time: string | null | undefined): number | null {
  return time == null ? null : Date.parse(time);
}
