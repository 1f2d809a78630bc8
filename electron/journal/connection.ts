import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * How far a transaction must have come when it is committed. `kept`: on the disk, also when the power fails now.
 * `kept_soon`: it survives the end of this process, and is on the disk with the next transaction that is `kept`. In either
 * case it is there whole or not at all, and never without those before it.
 */
export type Durability = 'kept' | 'kept_soon';

/** One connection to the journal's file: prepared statements, each compiled once, and transactions. */
export class Connection implements Disposable {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #durability: Durability = 'kept';

  /** @param database open, with `synchronous=FULL` */
  constructor(database: DatabaseSync) {
    this.database = database;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  /** Gives how many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** The first column of the first row as a number; 0 where there is none. */
  count(sql: string, ...values: SQLInputValue[]): number {
    const [first] = Object.values(this.get(sql, ...values) ?? {});
    return Number(first ?? 0);
  }

  /** All of it or nothing. Whatever `work` or the database throws comes out again. Not to be nested. */
  transaction<T>(durability: Durability, work: () => T): T {
    if (durability !== this.#durability) {
      this.database.exec(`PRAGMA synchronous = ${durability === 'kept' ? 'FULL' : 'NORMAL'}`);
      this.#durability = durability;
    }
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Closes the file; what was committed is in it. Idempotent. */
  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.database.isOpen) this.database.close();
  }

  #rollBack(): void {
    // Some errors, a full disk among them, have rolled it back already.
    if (!this.database.isOpen || !this.database.isTransaction) return;
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // The first error is reported; the next transaction finds out whether the file can be used.
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
