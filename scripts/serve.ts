import { launchEnvironment } from './launch-environment.ts';
import { serveWeb } from './web-host.ts';

// npm run serve: the app in a browser. Arguments go to the web host: npm run serve -- --open
const called = launchEnvironment();
process.env.NODE_ENV ??= 'production';
process.exitCode = await serveWeb(process.argv.slice(2), called);
