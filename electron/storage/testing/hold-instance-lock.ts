import { acquireInstanceLock } from '../instance-lock.ts';

/** A process that takes the data folder of its first argument, says how that went, and stays until it is ended. */
const [folder = '', address] = process.argv.slice(2);
const result = acquireInstanceLock(folder, { pid: process.pid, host: 'web', address: null });
if (result.ok && address !== undefined) result.lock.update({ pid: process.pid, host: 'web', address });
process.stdout.write(`${result.ok ? 'held' : result.message}\n`);
process.stdin.resume().once('end', () => {
  if (result.ok) result.lock[Symbol.dispose]();
});
