import { readdir } from 'node:fs/promises';
import { type BrowserContext, test as base, expect, type Page, type TestInfo } from '@playwright/test';
import { AppPage } from '../model/app-page.ts';
import { cgroupsLeft, containersLeft } from './containers.ts';
import { startDesktopHost } from './desktop-host.ts';
import { Home } from './home.ts';
import { type HookLine, writeLoggingHook } from './hooks.ts';
import type { DesktopHost, Host, WebHost } from './host.ts';
import type { RunnerOptions } from './options.ts';
import { processesMarked, processesOfSessions } from './processes.ts';
import { startWebHost } from './web-host.ts';

interface RunnerFixtures extends RunnerOptions {
  home: Home;
  /** What the hook that `tellsHook` asks for was told so far. */
  told: () => Promise<HookLine[]>;
  host: Host;
  app: AppPage;
  /** Starts the app on the same home once more, after the one before has ended. */
  startAgain: () => Promise<RunningApp>;
}

/** A host, and the window of its app. */
interface RunningApp {
  readonly host: Host;
  readonly app: AppPage;
}

/** A test with the app running in a home of its own; it ends by seeing that nothing of it is left. */
export const test = base.extend<RunnerFixtures>({
  hostKind: ['web', { option: true }],
  policy: [{ minimumTimeoutSeconds: 1 }, { option: true }],
  settings: [{}, { option: true }],
  needs: ['', { option: true }],
  environment: [{}, { option: true }],
  tellsHook: [false, { option: true }],

  home: async ({ settings, policy, needs }, use, testInfo) => {
    testInfo.skip(needs !== '', needs);
    const home = await Home.create({ settings, policy });
    await use(home);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('log', { body: await home.log(), contentType: 'text/plain' });
    }
    await expect.poll(() => processesMarked(home.mark), 'processes left behind').toEqual([]);
    await expect.poll(() => readdir(home.temporary), 'temporary files left behind').toEqual([]);
    await expect.poll(() => containersLeft(home), 'containers left behind').toEqual([]);
    const ids = await home.sessionIds();
    expect(processesOfSessions(ids), 'processes of sessions left behind').toEqual([]);
    expect(cgroupsLeft(ids), 'cgroups left behind').toEqual([]);
    await home.remove();
  },

  told: async ({ home, tellsHook }, use) => {
    await use(tellsHook ? await writeLoggingHook(home, 'log') : async () => []);
  },

  // What the app is to find is there before it starts.
  host: async ({ home, told: _, hostKind, environment, context }, use, testInfo) => {
    const env = home.environment(environment);
    if (hostKind === 'web') {
      const page = await context.newPage();
      const troubles = watchPage(page);
      const host = await startWebHost(env, page);
      await use(host);
      await host.terminate();
      expect(troubles, 'what the page complained about').toEqual([]);
      return;
    }
    const host = await startDesktopHost(env);
    const troubles = watchPage(host.page);
    const { tracing } = host.electron.context();
    await tracing.start({ snapshots: true, screenshots: false, sources: false });
    await use(host);
    await keepEvidence(host, testInfo);
    await host.terminate();
    expect(troubles, 'what the page complained about').toEqual([]);
  },

  app: async ({ host }, use) => {
    const app = new AppPage(host.page, host.kind);
    await app.ready();
    await use(app);
  },

  startAgain: async ({ home, hostKind, environment, context }, use, testInfo) => {
    const all: { readonly host: Host; readonly troubles: string[] }[] = [];
    await use(async () => {
      const host = await startHost(hostKind, home.environment(environment), context);
      all.push({ host, troubles: watchPage(host.page) });
      const app = new AppPage(host.page, hostKind);
      await app.ready();
      return { host, app };
    });
    for (const { host, troubles } of all) {
      if (testInfo.status !== testInfo.expectedStatus && !host.page.isClosed()) {
        await testInfo.attach('screenshot', { body: await host.page.screenshot(), contentType: 'image/png' });
      }
      await host.terminate();
      expect(troubles, 'what the page complained about').toEqual([]);
    }
  },
});

export { expect };

/** Starts another app of the same kind, beside the one that a test gets. */
export async function startHost(
  kind: RunnerOptions['hostKind'],
  environment: Record<string, string>,
  context: BrowserContext,
): Promise<Host> {
  return kind === 'web' ? startWebHost(environment, await context.newPage()) : startDesktopHost(environment);
}

/** The host of a test that is for the web alone. */
export function webHost(host: Host): WebHost {
  if (host.kind !== 'web') throw new Error('This test is for the web host');
  return host;
}

/** The host of a test that is for the desktop alone. */
export function desktopHost(host: Host): DesktopHost {
  if (host.kind !== 'desktop') throw new Error('This test is for the desktop');
  return host;
}

/** Collects errors that nobody caught and violations of the content security policy. */
function watchPage(page: Page): string[] {
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (/content security policy|violates the following/i.test(message.text())) troubles.push(message.text());
  });
  return troubles;
}

/** Playwright keeps evidence by itself for its own browsers only. */
async function keepEvidence(host: DesktopHost, testInfo: TestInfo): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus || host.page.isClosed()) return;
  const screenshot = testInfo.outputPath('window.png');
  const trace = testInfo.outputPath('trace.zip');
  await host.page.screenshot({ path: screenshot, timeout: 5_000 });
  await host.electron.context().tracing.stop({ path: trace });
  await testInfo.attach('screenshot', { path: screenshot, contentType: 'image/png' });
  await testInfo.attach('trace', { path: trace, contentType: 'application/zip' });
}
