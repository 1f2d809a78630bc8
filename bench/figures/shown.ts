import { chromium } from '@playwright/test';
import { compete } from '../contest.ts';
import { Host } from '../hosts/host.ts';
import { TerminalPage } from '../pages/terminal-page.ts';
import { SAMPLES, writeSample } from '../samples.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const LEAST = { plain: 1.2, coloured: 1, unicode: 1 } as const;

/** Output shown in Chromium, from Enter to the painted last line, against a bare page and against xterm.js alone. */
export const shown: Figure = {
  name: 'shown',
  async measure({ folder, browser: path, quick, progress }) {
    await using product = new Host('product', folder);
    await using bare = new Host('bare', folder);
    const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
    await using _closing = { [Symbol.asyncDispose]: () => browser.close() };
    const productLink = (await product.ask('link')).link ?? '';
    const bareLink = (await bare.ask('link')).link ?? '';
    const productPage = await TerminalPage.openProduct(browser, productLink);
    const { cols, rows } = await productPage.size();
    const size = `cols=${cols}&rows=${rows}`;
    const barePage = await TerminalPage.openBare(browser, bareLink, size);
    const twinPage = await TerminalPage.openBare(browser, bareLink, size);
    const results = [];
    for (const sample of SAMPLES) {
      const bytes = writeSample(folder, sample, quick ? 2_000_000 : 8_000_000);
      await using memoryPage = await TerminalPage.openBare(browser, bareLink, `${size}&memory=${sample}`);
      const pages = { product: productPage, bare: barePage, twin: twinPage, memory: memoryPage };
      // Background pages are slowed down by the browser: each contender comes to the front for its round.
      const outcome = await compete(
        Object.entries(pages).map(([name, page]) => ({
          name,
          run: async () => {
            await page.page.bringToFront();
            return bytes / (await page.timeCommand(`show ${sample}`)) / 1_000;
          },
        })),
        quick ? 3 : 7,
        (round) => progress(`shown, ${sample}, round ${round}`),
      );
      const speeds = (name: string): readonly number[] => outcome.of(name);
      const row = (name: string, measured: string, floor: string, floorName: string, least: number | null) => ({
        name: `Shown, ${sample}${name}`,
        unit: 'MB/s',
        product: summarize(speeds(measured)),
        floor: { name: floorName, value: summarize(speeds(floor)) },
        ratio: pairedRatio(speeds(measured), speeds(floor)),
        target: least === null ? null : ({ of: 'ratio', at: 'least', bound: least } as const),
      });
      results.push(
        row('', 'product', 'bare', 'bare page', LEAST[sample]),
        row(' (to xterm.js alone)', 'product', 'memory', 'from memory', null),
        row(' (noise: bare page again)', 'twin', 'bare', 'bare page', null),
      );
    }
    return results;
  },
};
