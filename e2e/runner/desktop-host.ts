import { once } from 'node:events';
import { join } from 'node:path';
import { _electron, expect } from '@playwright/test';
import { projectRoot } from '../../scripts/project.ts';
import type { DesktopHost } from './host.ts';

/** Starts the app in Electron and waits for its window. */
export async function startDesktopHost(environment: Record<string, string>): Promise<DesktopHost> {
  const asRoot = process.getuid?.() === 0;
  const electron = await _electron.launch({
    // The sandbox around a window needs an ordinary user.
    args: ['.', ...(asRoot ? ['--no-sandbox'] : [])],
    cwd: projectRoot,
    env: environment,
    timeout: 30_000,
  });
  const child = electron.process();
  const exited =
    child.exitCode === null
      ? once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
      : Promise.resolve(child.exitCode);
  const page = await electron.firstWindow();
  return {
    kind: 'desktop',
    electron,
    page,
    pid: child.pid ?? 0,
    exited,
    async terminate() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
    },
    async takeFile(folder, action) {
      await electron.evaluate(({ dialog }, target) => {
        dialog.showSaveDialog = (...args: unknown[]) => {
          const options = args.at(-1);
          const path = typeof options === 'object' && options !== null && 'defaultPath' in options;
          const name = path ? String(options.defaultPath).split('/').at(-1) : 'export';
          return Promise.resolve({ canceled: false, filePath: `${target}/${name}` });
        };
      }, folder);
      await action();
      const toast = page.getByText(`Saved to ${folder}/`).last();
      await expect(toast).toBeVisible();
      const name = (await toast.textContent())?.split('/').at(-1) ?? '';
      await page.getByRole('button', { name: 'Close toast' }).last().click();
      await expect(toast).toBeHidden();
      return join(folder, name);
    },
  };
}
