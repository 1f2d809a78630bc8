import '../styles/index.css';
import '../styles/toasts.css';
import { start } from '../start.tsx';
import { FakeEngine } from './fake-engine.ts';

/** The window with a made-up engine; `?scene=` names a scene of `scenes.ts`. Served in development only. */
const engine = new FakeEngine(new URLSearchParams(location.search).get('scene') ?? 'plain');
Object.assign(window, { fakeEngine: engine });
start(() => Promise.resolve(engine.connect()));
