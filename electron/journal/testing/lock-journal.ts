import { DatabaseSync } from 'node:sqlite';

/** A process that holds the journal in its argument, which nobody may have open, until its standard input ends. */
const [file = ''] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
process.stdout.write('held\n');
process.stdin.resume().once('end', () => database.close());
