import { readFileSync } from 'node:fs';
import { type Browser, chromium } from '@playwright/test';
import { Host } from '../hosts/host.ts';
import { TerminalPage } from '../pages/terminal-page.ts';
import type { Result } from '../report.ts';
import { summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const MIB = 1024 * 1024;

/** What a page's script holds after a collection, and what its process takes of the machine's memory; bytes. */
async function pageMemory(browser: Browser, page: TerminalPage): Promise<{ heap: number; resident: number }> {
  const devTools = await page.devTools();
  await devTools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devTools.send('Runtime.getHeapUsage');
  await devTools.detach();
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  await whole.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentBytes(id));
  return { heap: usedSize, resident: renderers.reduce((sum, bytes) => sum + bytes, 0) };
}

/** Linux: 0 elsewhere. */
function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1_024;
}

/** Memory that one more idle session takes in the core, and one more tab in the window. */
export const memory: Figure = {
  name: 'memory',
  async measure({ folder, browser: path, quick, progress }) {
    const more = quick ? 5 : 20;
    const rounds = quick ? 1 : 3;
    const found: Record<string, { session: number[]; heap: number[]; resident: number[] }> = {
      product: { session: [], heap: [], resident: [] },
      bare: { session: [], heap: [], resident: [] },
    };
    const perItem = (kind: string, figure: 'session' | 'heap' | 'resident', before: number, after: number): void => {
      found[kind]?.[figure].push((after - before) / more / MIB);
    };
    for (let round = 1; round <= rounds; round++) {
      for (const kind of ['product', 'bare'] as const) {
        progress(`memory, ${kind}, round ${round}`);
        await using host = new Host(kind, folder);
        const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
        await using _closing = { [Symbol.asyncDispose]: () => browser.close() };
        const link = (await host.ask('link')).link ?? '';
        const open = (terminals: number): Promise<TerminalPage> =>
          TerminalPage.openBare(browser, link, `cols=120&rows=30&terminals=${terminals}`);
        let page = kind === 'product' ? await TerminalPage.openProduct(browser, link) : await open(1);
        const before = await pageMemory(browser, page);
        const hostBefore = (await host.ask('memory')).residentBytes ?? 0;
        if (kind === 'product') {
          for (let tab = 0; tab < more; tab++) await page.newTab();
        } else {
          await page[Symbol.asyncDispose]();
          page = await open(1 + more);
        }
        const after = await pageMemory(browser, page);
        const hostAfter = (await host.ask('memory')).residentBytes ?? 0;
        perItem(kind, 'session', hostBefore, hostAfter);
        perItem(kind, 'heap', before.heap, after.heap);
        perItem(kind, 'resident', before.resident, after.resident);
      }
    }
    const row = (name: string, figure: 'session' | 'heap' | 'resident', floor: string): Result => ({
      name,
      unit: 'MiB',
      product: summarize(found.product?.[figure] ?? []),
      floor: { name: floor, value: summarize(found.bare?.[figure] ?? []) },
      ratio: null,
      target: null,
    });
    return [
      row('Memory per idle session, core process', 'session', 'node-pty'),
      row('Memory per tab, script heap', 'heap', 'bare terminal'),
      row("Memory per tab, window's process", 'resident', 'bare terminal'),
    ];
  },
};
