import { expect, test, webHost } from '../../runner/test.ts';
import { serve } from '../../runner/web-host.ts';

test('a second start on the same home is refused, and says who has it and where', async ({ app, home, host }) => {
  await app.openTab();
  const { origin } = webHost(host);
  await expect(serve(home.environment({})).nextLink()).rejects.toThrow(
    `ended with 1: Sandglass already runs with this data folder (the web host, process ${host.pid}). ` +
      `Use it at ${origin}, or set SANDGLASS_HOME to another folder.`,
  );
  await app.terminal.run('echo "goes on $((1 + 1))"');
  await app.terminal.waitForLine('goes on 2');
});
