import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../storage/testing/temporary-folder.ts';
import { createEngineClient, type EngineClient } from '../client/engine-client.ts';
import { LABELS } from './labels.ts';
import { createRemovals } from './removals.ts';

const ID = 'a'.repeat(64);

/** Stands in for an engine that is lost at a moment of the test's choice. */
async function listen(server: Server): Promise<EngineClient> {
  const socketPath = join(temporaryFolder(), 'engine.sock');
  server.listen(socketPath);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return createEngineClient({ kind: 'socket', path: socketPath });
}

test('a removal that hangs on an engine that is lost is done by the one that is there meanwhile', async () => {
  const lost = createServer(() => {});
  const asked = once(lost, 'request');
  const removed = Promise.withResolvers<string | undefined>();
  const back = createServer((request, response) => {
    if (request.method === 'DELETE') {
      removed.resolve(request.url);
      response.writeHead(204).end();
    } else response.end(JSON.stringify({ Config: { Labels: { [LABELS.app]: '1' } } }));
  });
  const { signal } = new AbortController();
  let link = { client: await listen(lost), signal, confirm: async () => false };
  const errors: unknown[] = [];
  const counts: number[] = [];
  const gone: string[] = [];
  const removals = createRemovals({
    link: () => link,
    retryMs: 1,
    onGone: (containerId) => gone.push(containerId),
    onPendingChange: () => counts.push(removals.pending),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => removals.close());

  const removal = removals.remove(ID);
  await asked;
  link = { client: await listen(back), signal, confirm: async () => true };
  // Pending removals are tried again when an engine is back; this one is still being tried.
  removals.retryNow();
  lost.closeAllConnections();
  expect(await removal).toBe(false);
  expect(await removed.promise).toContain(ID);
  await expect.poll(() => counts.at(-1)).toBe(0);
  expect(gone).toEqual([ID]);
  expect(errors).toEqual([]);
});
