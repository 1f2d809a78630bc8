import { once } from 'node:events';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sandboxOptions } from '../../backends/bubblewrap/testing/sandboxes.ts';
import { supplyOf } from '../../backends/testing/credentials.ts';
import { startShell } from '../../backends/testing/shells.ts';
import { createMachine } from '../../core/machine.ts';
import { nodeReaperCommand } from '../../reaper/command.ts';
import { findLocations, makeFolders } from '../../storage/locations.ts';
import { fetchByCommand } from '../command-source.ts';

// Stands in for the app in tests: opens a local shell and a sandbox with credentials, tells where their files are and
// which processes hold them, and waits to be killed, or for a line on its standard input that lets it quit.
const locations = findLocations({ env: process.env, platform: process.platform });
makeFolders(locations);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const machine = await createMachine({ logger, environment: process.env, locations, reaper: nodeReaperCommand() });
const removed = machine.removeLeftovers();
const credentials = supplyOf({ TOKEN: 'value-of-the-token' });
const script = 'echo "in $SANDGLASS_CREDENTIALS."; read x';
const local = await startShell(machine.backends.pty, { args: ['-c', script], credentials });
const sandbox = await startShell(machine.backends.bubblewrap, {
  args: ['-c', script],
  credentials,
  bubblewrap: sandboxOptions(),
});
const [, folder = ''] = await local.until(/in (.*)\.\r?\n/);
await sandbox.until(/in (.*)\.\r?\n/);
// And a credential's command that still runs when the app goes, with something in the background.
const home = homedir();
const isFetching = Promise.withResolvers<void>();
const watcher = watch(home, (_event, filename) => filename === 'fetching' && isFetching.resolve());
void fetchByCommand(
  'sh',
  ['-c', 'setsid sleep 1002 & echo "$! $$" >"$HOME/part" && mv "$HOME/part" "$HOME/fetching"; exec sleep 1003'],
  { environment: process.env, home, processes: machine.processes, tracker: machine.tracker },
  new AbortController().signal,
);
await isFetching.promise;
watcher.close();
const fetching = (await readFile(join(home, 'fetching'), 'utf8')).trim().split(' ').map(Number);
const pids = [local.process.pid, sandbox.process.pid, ...fetching];
const folders = [folder, folder.replace(local.sessionId, sandbox.sessionId)];
process.stdout.write(`${JSON.stringify({ removed, folders, pids })}\n`);

const lines = createInterface({ input: process.stdin });
await once(lines, 'line');
lines.close();
await Promise.all([local.process.terminate(0), sandbox.process.terminate(0)]);
await machine.close();
process.stdin.destroy();
