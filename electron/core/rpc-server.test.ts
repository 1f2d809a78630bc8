import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RequestError } from '../../shared/errors.ts';
import { MAX_CONTROL_LENGTH, MAX_PENDING_REQUESTS } from '../../shared/transport.ts';
import { keepingLogger } from '../sessions/testing/stand-ins.ts';
import { settle } from '../sessions/testing/test-clock.ts';
import { createRpcServer, type Handlers } from './rpc-server.ts';

const answerSchema = z.object({
  t: z.literal('s'),
  i: z.string(),
  r: z.unknown().optional(),
  e: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Handlers of which only those given may be called. */
function serverWith(some: Partial<Handlers>) {
  const posted: z.infer<typeof answerSchema>[] = [];
  const logger = keepingLogger();
  const handlers = new Proxy(some, {
    get: (target, name: keyof Handlers) => target[name] ?? (() => Promise.reject(new Error(`${name} was called`))),
  }) as Handlers; // A stand-in for handlers that a test does not call.
  const server = createRpcServer(handlers, (message) => posted.push(answerSchema.parse(JSON.parse(message))), logger);
  const ask = async (method: string, ...args: unknown[]) => {
    server.receive(JSON.stringify({ t: 'q', m: method, a: args, i: 'id-1' }));
    await settle();
    return posted.at(-1);
  };
  return { ask, logger, posted, server };
}

describe('requests of a window', () => {
  it('are answered', async () => {
    const { ask } = serverWith({ 'sessions.reorder': () => ({}) });
    expect(await ask('sessions.reorder', { ids: [] })).toEqual({ t: 's', i: 'id-1', r: {} });
  });

  it('are refused when the method is not known, also one that every object has', async () => {
    for (const method of ['sessions.delete', 'constructor', '__proto__', 'toString', '$close', 'then']) {
      const { ask } = serverWith({});
      expect((await ask(method, {}))?.e?.code, method).toBe('unknown_method');
    }
  });

  it('are refused when the argument is not what the contract says', async () => {
    const { ask } = serverWith({});
    for (const bad of [
      undefined,
      null,
      7,
      'x',
      [],
      {},
      { id: '../../etc' },
      { id: 'x'.repeat(26) },
      { ids: [], more: 1 },
    ]) {
      expect((await ask('sessions.keepOpen', bad))?.e?.code, JSON.stringify(bad)).toBe('bad_request');
    }
    expect((await ask('sessions.resize', { id: '01M7Y85E6BXST0XRN70G4B9GBG', cols: 1e9, rows: 24 }))?.e).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('cols'),
    });
  });

  it('are told why in words when they are expected to fail, and nothing of the inside when not', async () => {
    const { ask, logger } = serverWith({
      'sessions.open': () => {
        throw new RequestError('limit_exceeded', 'Maximum concurrent sessions (1) exceeded');
      },
      'settings.get': () => {
        throw new Error('/secret/path: EACCES');
      },
    });
    expect((await ask('sessions.open', { cols: 80, rows: 24 }))?.e).toEqual({
      code: 'limit_exceeded',
      message: 'Maximum concurrent sessions (1) exceeded',
    });
    const answer = await ask('settings.get', {});
    expect(answer?.e?.code).toBe('internal');
    expect(answer?.e?.message).not.toContain('secret');
    expect(logger.complaints).toEqual(['A request failed']);
  });

  it('are refused when too many wait for an answer', async () => {
    const { promise, resolve } = Promise.withResolvers<Record<string, never>>();
    const { posted, server } = serverWith({ 'sessions.reorder': () => promise });
    for (let count = 0; count < MAX_PENDING_REQUESTS + 5; count += 1) {
      server.receive(JSON.stringify({ t: 'q', m: 'sessions.reorder', a: [{ ids: [] }], i: `${count}` }));
    }
    await settle();
    expect(posted).toHaveLength(5);
    expect(posted.every((answer) => answer.e?.code === 'too_many_requests')).toBe(true);
    resolve({});
    await settle();
    expect(posted).toHaveLength(MAX_PENDING_REQUESTS + 5);
  });
});

describe('malformed messages', () => {
  it('are refused with a typed error and a log line, whatever they are', async () => {
    const { logger, posted, server } = serverWith({});
    const bad = ['', 'null', '7', '[]', '{', '{"t":"q"}', '{"t":"x","i":"7"}', '{"t":"q","m":7,"a":[],"i":"a"}'];
    for (const message of bad) expect(server.receive(message), message).toBe(false);
    await settle();
    expect(posted.map((answer) => answer.e?.code)).toEqual(bad.map(() => 'bad_request'));
    expect(logger.complaints).toEqual(bad.map(() => 'A malformed message was refused'));
    expect(posted.at(-1)?.i).toBe('a');
  });

  it('are refused unread when they are too long', () => {
    const { posted, server } = serverWith({});
    expect(server.receive(' '.repeat(MAX_CONTROL_LENGTH + 1))).toBe(false);
    expect(posted[0]?.e?.message).toBe('The message is too long.');
  });

  it('never reach a handler or throw', async () => {
    let called = 0;
    const { server } = serverWith({
      'sessions.dismiss': () => {
        called += 1;
        return {};
      },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((value) => `{"t":"q","m":"sessions.dismiss","a":[${value}],"i":"1"}`),
        ),
        async (message) => {
          server.receive(message);
        },
      ),
    );
    await settle();
    expect(called).toBe(0);
  });
});
