import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findTestEngine, needs } from './container-engine.ts';
import { ownEngine, ownEngineSupport } from './own-engine.ts';

const engine = await findTestEngine();
const support = ownEngineSupport(engine);

describe.runIf(support.ok)('an engine of one’s own', needs(support), () => {
  it('goes with its containers, also after it was killed', async () => {
    let socket = '';
    {
      await using own = await ownEngine(engine);
      socket = own.host.slice('unix://'.length);
      const container = await own.docker.createContainer({
        Image: own.image,
        Cmd: ['sleep', '1000'],
        HostConfig: { Init: true },
      });
      await container.start();
      await own.kill();
      await own.start();
      expect(await own.docker.listContainers({ all: true })).toHaveLength(1);
    }
    expect(existsSync(socket)).toBe(false);
  }, 120_000);
});
