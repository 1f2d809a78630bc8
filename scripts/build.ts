import { allTargets, buildTargets } from './vite-build.ts';

// npm run build: the main process, the preload script and the renderer, into .vite.
process.env.NODE_ENV = 'production';
await buildTargets(allTargets);
