import { DatabaseSync } from 'node:sqlite';

/** A process that holds the journal in its first argument until its standard input ends. `all`: not even to be read. */
const [file = '', what] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 10_000 });
if (what === 'all') database.exec('PRAGMA locking_mode = EXCLUSIVE');
database.exec('BEGIN EXCLUSIVE');
process.stdout.write('held\n');
process.stdin.resume().once('end', () => database.close());
