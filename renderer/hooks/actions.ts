import { messageOf } from '../../shared/error-message.ts';
import type { HooksView } from '../../shared/hooks.ts';
import { call, report } from '../connection/core.ts';
import { showSettingsView } from '../profiles/actions.ts';
import { setApp } from '../store/store.ts';
import { openSettings } from '../tabs/actions.ts';
import { showProblem } from '../toasts/toasts.ts';
import {
  answered,
  asked,
  busyKey,
  type DeliveryFilter,
  type DeliveryQuery,
  type HookAction,
  shownHook,
  useHooks,
} from './state.ts';

const get = useHooks.getState;
const set = useHooks.setState;

/** Deliveries shown at first, and after *Show more*: the most that the core gives. */
export const FIRST_DELIVERIES = 50;
export const MOST_DELIVERIES = 200;

/** Shows the hooks on the settings page, with this one where it is named. */
export function openHooks(name?: string): void {
  if (name !== undefined) selectHook(name);
  showSettingsView('hooks');
  openSettings();
}

/** Shows the deliveries of a hook; null: the list alone, where there is no room for both. */
export function selectHook(name: string | null): void {
  set({ selected: name, filter: 'all' });
}

export function filterDeliveries(filter: DeliveryFilter): void {
  set({ filter });
}

/** Fetches all hooks; from then on they are kept up to date. */
export async function loadHooks(): Promise<void> {
  try {
    takeHooks(await call('hooks.list', {}));
  } catch (error) {
    set({ failure: messageOf(error) });
  }
}

/** All hooks as they are now. */
export function takeHooks(view: HooksView): void {
  set({ view, failure: null });
}

/** The hooks could not be fetched. @param failure why not, as a sentence */
export function takeHooksFailure(failure: string): void {
  set({ view: null, failure });
}

/** The query under way; and whether something has changed since it was made. */
let underWay: DeliveryQuery | null = null;
let outdated = false;

/** Fetches the latest deliveries of a hook; what is shown of it stays meanwhile. In a storm of changes, one at a time. */
export async function loadDeliveries(hook: string, filter: DeliveryFilter, limit: number): Promise<void> {
  if (underWay?.hook === hook && underWay.filter === filter && underWay.limit === limit) {
    outdated = true;
    return;
  }
  const query: DeliveryQuery = { hook, filter, limit };
  underWay = query;
  outdated = false;
  set(({ list }) => ({ list: asked(list, query) }));
  try {
    const deliveries = await call('hooks.deliveries', { hook, limit, ...(filter === 'all' ? {} : { state: filter }) });
    set(({ list }) => ({ list: answered(list, query, { deliveries }) }));
  } catch (error) {
    set(({ list }) => ({ list: answered(list, query, { failure: messageOf(error) }) }));
  }
  if (underWay !== query) return;
  underWay = null;
  if (outdated && get().list?.query === query) await loadDeliveries(hook, filter, limit);
}

/** Fetches the shown deliveries again, after an action. */
function reload(hook: string): void {
  const { list, filter } = get();
  if (list?.query.hook === hook) void loadDeliveries(hook, filter, list.query.limit);
}

/** Sends a test event; it is seen among the deliveries, whichever were shown. */
export function testHook(hook: string): Promise<void> {
  return run(hook, 'test', async () => {
    await call('hooks.test', { hook });
    if (shownHook(get())?.name === hook) set({ filter: 'all' });
    setApp({ announcement: `A test event is on its way to ${hook}.` });
  });
}

/** Sends a failed delivery again, or with null all of the hook's. */
export function sendAgain(hook: string, delivery: number | null): Promise<void> {
  return run(hook, `again:${delivery ?? 'all'}`, async () => {
    const { count } = await call('hooks.sendAgain', { hook, delivery });
    setApp({
      announcement: count === 1 ? 'The delivery is being sent again.' : `${count} deliveries are being sent again.`,
    });
  });
}

/** Switches a hook on again whose receiver had said that it is gone. */
export function enableHook(hook: string): Promise<void> {
  return run(hook, 'enable', async () => {
    await call('hooks.enable', { hook });
    setApp({ announcement: `${hook} is enabled.` });
  });
}

/** Opens the folder on the desktop; in a browser, shows its path. */
export async function openHooksFolder(): Promise<void> {
  try {
    const { opened, folder } = await call('hooks.openFolder', {});
    if (!opened) {
      showProblem({
        id: 'hooks-folder',
        severity: 'info',
        title: 'Hooks folder',
        message: `The hooks are in ${folder}`,
      });
    }
  } catch (error) {
    report(error);
  }
}

/** Runs one request for a hook at a time, and shows what came of it. */
async function run(hook: string, action: HookAction, request: () => Promise<void>): Promise<void> {
  const key = busyKey(hook, action);
  if (get().busy.has(key)) return;
  set(({ busy }) => ({ busy: new Set(busy).add(key) }));
  try {
    await request();
  } catch (error) {
    report(error);
  } finally {
    set(({ busy }) => {
      const others = new Set(busy);
      others.delete(key);
      return { busy: others };
    });
    reload(hook);
  }
}
