import { sessionSuite } from './testing/session-suite.ts';

await sessionSuite('docker');
