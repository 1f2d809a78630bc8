import '../styles/index.css';
import '../toasts/toasts.css';
import { start } from '../app/start.tsx';
import { FakeCore } from './fake-core.ts';

/**
 * The window with a made-up core: `?scene=` names a scene of `scenes.ts`, `&backends=` what is available on the made-up
 * machine (`fake-backends.ts`), `&host=` what it runs on, `&hooks=` its hooks (`fake-hooks.ts`), `&history=` how many sessions
 * it remembers. Served in development only.
 */
const query = new URLSearchParams(location.search);
const core = new FakeCore(query.get('scene') ?? 'plain', {
  backends: query.get('backends') ?? 'all',
  host: query.get('host') ?? 'web',
  hooks: query.get('hooks') ?? 'some',
  history: Number(query.get('history') ?? '0'),
});
Object.assign(window, { fakeCore: core });
start(async () => core.connect());
