import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import * as z from 'zod';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import { storedNameSchema } from '../../shared/profile.ts';
import type { Logger } from '../base/logger.ts';
import { type Fetched, unavailable, usableValue } from './value.ts';

/** What encrypts stored secrets: the system's keychain, in the desktop app. */
export interface SecretCipher {
  /** Why nothing can be encrypted here, for a person; null where it can. Asked again each time. Does not reject. */
  objection(): Promise<string | null>;
  /** Rejects when the keychain does not work after all. */
  encrypt(text: string): Promise<Buffer>;
  /** Rejects when it was encrypted with another key, or is damaged. */
  decrypt(encrypted: Buffer): Promise<string>;
}

/** A stored secret without its value. */
interface StoredSecret {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** Secrets that were stored by hand, for credentials that name them. */
export interface SecretStore {
  /** Why none can be stored here, and the names of those that are. */
  list(): Promise<{ unavailable: string | null; stored: StoredSecret[] }>;
  /** @throws RequestError where it cannot be stored, or is none that a session could get. */
  store(name: string, value: string): Promise<void>;
  /** Nothing happens where there is none. @throws RequestError where the file cannot be written. */
  remove(name: string): Promise<void>;
  /** Its value. Never rejects. */
  read(name: string): Promise<Fetched>;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  stored: z.record(storedNameSchema, z.strictObject({ value: z.base64(), storedAt: z.number().min(0) })),
});
type Stored = z.infer<typeof fileSchema>;

const EMPTY: Stored = { version: 1, stored: {} };
const HOW_ELSE = 'Use a command or a file for this credential, or the desktop app.';

/** For hosts without a keychain. */
export function noSecretStore(why: string): SecretStore {
  const refuse = async (): Promise<never> => {
    throw new RequestError('not_allowed', `${why} ${HOW_ELSE}`);
  };
  return {
    list: async () => ({ unavailable: `${why} ${HOW_ELSE}`, stored: [] }),
    store: refuse,
    remove: refuse,
    read: async () => unavailable(why, HOW_ELSE),
  };
}

/** Why the web host stores none. */
export const NO_KEYCHAIN_IN_BROWSERS = 'Secrets are stored by the desktop app only: in a browser there is no keychain.';

/** What a store is made with. */
export interface SecretStoreOptions {
  /** For its owner alone (0600); made with the first secret. */
  readonly file: string;
  readonly cipher: SecretCipher;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Keeps secrets in a file, each encrypted by the cipher. */
export function createSecretStore(options: SecretStoreOptions): SecretStore {
  return new FileStore(options);
}

class FileStore implements SecretStore {
  readonly #options: SecretStoreOptions;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SecretStoreOptions) {
    this.#options = options;
  }

  async list(): Promise<{ unavailable: string | null; stored: StoredSecret[] }> {
    const objection = await this.#options.cipher.objection();
    try {
      const { stored } = await this.#read();
      const names = Object.entries(stored).map(([name, { storedAt }]) => ({ name, storedAt }));
      return { unavailable: objection, stored: names.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
    } catch (error) {
      return { unavailable: this.#complain(error), stored: [] };
    }
  }

  async store(name: string, value: string): Promise<void> {
    const { cipher, now } = this.#options;
    const objection = await cipher.objection();
    if (objection !== null) throw new RequestError('not_allowed', objection);
    // The same text that a session would get: what is not usable is said now.
    const checked = usableValue(Buffer.from(value), 'The text');
    if (!checked.ok) throw new RequestError('bad_request', `${checked.message} ${checked.hint}`);
    const text = checked.value.toString();
    checked.value.fill(0);
    let encrypted: Buffer;
    try {
      encrypted = await cipher.encrypt(text);
    } catch {
      // What the keychain complains of may quote what it was given.
      throw new RequestError('not_allowed', 'The keychain did not encrypt the secret. Unlock it, and try again.');
    }
    await this.#change((stored) => ({
      ...stored,
      [name]: { value: encrypted.toString('base64'), storedAt: now() },
    }));
  }

  async remove(name: string): Promise<void> {
    await this.#change((stored) => Object.fromEntries(Object.entries(stored).filter(([each]) => each !== name)));
  }

  async read(name: string): Promise<Fetched> {
    const { cipher } = this.#options;
    const objection = await cipher.objection();
    if (objection !== null) return unavailable(objection, 'Use a command or a file for this credential instead.');
    let found: Stored['stored'][string] | undefined;
    try {
      const { stored } = await this.#read();
      found = Object.hasOwn(stored, name) ? stored[name] : undefined;
    } catch (error) {
      return unavailable(this.#complain(error), 'Store the secret again.');
    }
    if (found === undefined)
      return unavailable(`There is no stored secret “${name}”.`, 'Store it in the settings, under its name.');
    try {
      return usableValue(
        Buffer.from(await cipher.decrypt(Buffer.from(found.value, 'base64'))),
        `The stored secret “${name}”`,
      );
    } catch {
      // What the keychain complains of may quote what it was given.
      return unavailable(
        `The stored secret “${name}” could not be decrypted.`,
        'Unlock the keychain, or store it again.',
      );
    }
  }

  async #read(): Promise<Stored> {
    let text: string;
    try {
      text = await readFile(this.#options.file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return EMPTY;
      throw error;
    }
    return fileSchema.parse(JSON.parse(text));
  }

  async #change(change: (stored: Stored['stored']) => Stored['stored']): Promise<void> {
    const work = this.#last.then(async () => {
      const { stored } = await this.#read();
      await this.#write({ version: 1, stored: change(stored) });
    });
    this.#last = work.catch(() => undefined);
    try {
      await work;
    } catch (error) {
      throw new RequestError('not_allowed', this.#complain(error));
    }
  }

  /** Whole or not at all, also when the power fails meanwhile. */
  async #write(content: Stored): Promise<void> {
    const { file } = this.#options;
    const temporary = `${file}.${randomUUID()}.tmp`;
    try {
      {
        await using handle = await open(temporary, 'wx', 0o600);
        await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
        await handle.sync();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #complain(error: unknown): string {
    const { file, logger } = this.#options;
    const isDamaged = error instanceof z.ZodError || error instanceof SyntaxError;
    const reason = isDamaged ? 'it is damaged; move it away to start with an empty one' : messageOf(error);
    logger.warn({ file, reason }, 'The file of stored secrets cannot be used');
    return `The file of stored secrets, ${file}, cannot be used: ${reason}.`;
  }
}
