import type { Journal } from '../journal/journal.ts';
import type { HostServices } from './core.ts';
import type { Handlers } from './rpc-server.ts';

type HookHandlers = Pick<
  Handlers,
  | 'history.list'
  | 'hooks.list'
  | 'hooks.deliveries'
  | 'hooks.test'
  | 'hooks.sendAgain'
  | 'hooks.enable'
  | 'hooks.openFolder'
>;

/** Answers what a window asks about hooks and earlier sessions. */
export function journalHandlers(
  journal: Journal,
  host: Pick<HostServices, 'openFolder'>,
  hooksFolder: string,
): HookHandlers {
  const { hooks } = journal;
  return {
    'history.list': async (query) => [...(await journal.history(query))],
    'hooks.list': () => hooks.view(),
    'hooks.deliveries': async ({ hook, state, limit }) => [...(await hooks.deliveries(hook, state ?? null, limit))],
    'hooks.test': ({ hook }) => hooks.test(hook),
    'hooks.sendAgain': async ({ hook, delivery }) => ({ count: await hooks.sendAgain(hook, delivery) }),
    'hooks.enable': async ({ hook }) => {
      await hooks.enable(hook);
      return {};
    },
    'hooks.openFolder': async () => ({ opened: await host.openFolder(hooksFolder), folder: hooksFolder }),
  };
}
