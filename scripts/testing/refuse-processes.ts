import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

// A setup file of the unit tests. They start no process and connect to none; a test that does is an integration test, and
// its file is named `*.integration.test.ts`.

function refuse(what: string): () => never {
  return () => {
    throw new Error(`A unit test may not ${what}: name its file *.integration.test.ts.`);
  };
}

const starts = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const;
for (const name of starts) Object.assign(childProcess, { [name]: refuse('start a process') });
Object.assign(net.Server.prototype, { listen: refuse('listen') });
Object.assign(net.Socket.prototype, { connect: refuse('connect') });
process.kill = refuse('signal a process');
syncBuiltinESMExports();
// Terminals are opened by native code.
const { dlopen } = process;
process.dlopen = (...args) => (/node-pty/.test(args[1]) ? refuse('open a terminal')() : dlopen(...args));
