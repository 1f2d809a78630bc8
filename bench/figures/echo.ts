import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { Rounds } from '../contest.ts';
import { Host } from '../hosts/host.ts';
import { TerminalPage } from '../pages/terminal-page.ts';
import type { Result } from '../report.ts';
import { writeSample } from '../samples.ts';
import { pairedRatio, quantile, shuffled, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

const FLOODS = 4;

/** The latencies of key presses at moments that have nothing to do with the screen's frames, in milliseconds. */
async function pressKeys(page: TerminalPage, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let key = 0; key < count; key++) {
    await delay(20 + Math.random() * 40);
    latencies.push(await page.timeKey('abcdefghij'[key % 10] ?? 'a'));
    if (key % 60 === 59) {
      await page.page.keyboard.press('Enter');
      await delay(100);
    }
  }
  return latencies;
}

/** Key press to painted echo, and the core's event loop while other sessions flood. */
export const echo: Figure = {
  name: 'echo',
  async measure({ folder, browser: path, quick, progress }) {
    await using product = new Host('product', folder);
    await using bare = new Host('bare', folder);
    const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
    await using _closing = { [Symbol.asyncDispose]: () => browser.close() };
    writeSample(folder, 'plain', 4_000_000);
    const productPage = await TerminalPage.openProduct(browser, (await product.ask('link')).link ?? '');
    const { cols, rows } = await productPage.size();
    const bareLink = (await bare.ask('link')).link ?? '';
    const open = (query = ''): Promise<TerminalPage> =>
      TerminalPage.openBare(browser, bareLink, `cols=${cols}&rows=${rows}${query}`);
    const contenders = [
      { name: 'product', page: productPage },
      { name: 'bare', page: await open() },
      { name: 'twin', page: await open() },
      { name: 'blinking', page: await open('&blink=1') },
    ];
    const p50 = new Rounds();
    const p95 = new Rounds();
    const keys = quick ? 20 : 60;
    for (const { page } of contenders) {
      await page.page.bringToFront();
      await page.timeCommand('keys');
      await pressKeys(page, 5);
    }
    for (let round = 1; round <= (quick ? 2 : 7); round++) {
      progress(`echo, round ${round}`);
      for (const { name, page } of shuffled(contenders)) {
        await page.page.bringToFront();
        const latencies = await pressKeys(page, keys);
        p50.add(name, quantile(latencies, 0.5));
        p95.add(name, quantile(latencies, 0.95));
      }
    }
    const row = (name: string, values: Rounds, contender: string, most: number | null): Result => ({
      name,
      unit: 'ms',
      product: summarize(values.of(contender)),
      floor: { name: 'bare page', value: summarize(values.of('bare')) },
      ratio: pairedRatio(values.of(contender), values.of('bare')),
      target: most === null ? null : { of: 'ratio', at: 'most', bound: most },
    });
    const results = [
      row('Key to painted echo, p50', p50, 'product', 1.15),
      row('Key to painted echo, p95', p95, 'product', 1.15),
      row('Key to painted echo, p50 (noise: bare page again)', p50, 'twin', null),
      row('Key to painted echo, p50 (bare page, blinking cursor)', p50, 'blinking', null),
    ];

    await productPage.page.bringToFront();
    for (let flood = 1; flood <= FLOODS; flood++) {
      await productPage.newTab();
      await productPage.type('flood plain');
    }
    await productPage.showTab(0);
    await delay(1_000);
    const delays = new Rounds();
    const flooded = { p50: new Rounds(), p95: new Rounds() };
    const idle = { p50: summarize(p50.of('bare')).median, p95: summarize(p95.of('bare')).median };
    for (let round = 1; round <= (quick ? 2 : 7); round++) {
      progress(`echo under ${FLOODS} floods, round ${round}`);
      await product.ask('startDelay');
      const latencies = await pressKeys(productPage, keys);
      const { delayP99Ms = 0, delayMaxMs = 0 } = await product.ask('stopDelay');
      delays.add('p99', delayP99Ms);
      delays.add('longest', delayMaxMs);
      flooded.p50.add('product', quantile(latencies, 0.5));
      flooded.p95.add('product', quantile(latencies, 0.95));
      // The floor has nothing else to do: flooded as well, a page without flow control runs out of memory.
      flooded.p50.add('bare', idle.p50);
      flooded.p95.add('bare', idle.p95);
    }
    const value = (name: string, values: readonly number[], most: number | null): Result => ({
      name,
      unit: 'ms',
      product: summarize(values),
      floor: null,
      ratio: null,
      target: most === null ? null : { of: 'value', at: 'most', bound: most },
    });
    results.push(
      row(`Key to painted echo while ${FLOODS} sessions flood, p50`, flooded.p50, 'product', 2),
      row(`Key to painted echo while ${FLOODS} sessions flood, p95`, flooded.p95, 'product', 2),
      value(`Core's event-loop delay while ${FLOODS} sessions flood, p99`, delays.of('p99'), 10),
      value(`Core's event-loop delay while ${FLOODS} sessions flood, longest`, delays.of('longest'), null),
    );
    return results;
  },
};
