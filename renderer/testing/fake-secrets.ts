import { RequestError } from '../../shared/errors.ts';

/** The made-up store of secrets: in a browser there is none, as with a real core. */
export class FakeSecrets {
  readonly #hasKeychain: boolean;
  /** The values by name, as a test may want to see them. */
  readonly values = new Map<string, string>();
  readonly #storedAt = new Map<string, number>();

  constructor(host: string) {
    this.#hasKeychain = host === 'desktop';
    if (this.#hasKeychain) this.#put('registry-token', 'made-up', Date.now() - 3 * 86_400_000);
  }

  list(): object {
    return {
      unavailable: this.#hasKeychain
        ? null
        : 'Secrets are stored by the desktop app only: in a browser there is no keychain. Use a command or a file for this credential, or the desktop app.',
      stored: [...this.#storedAt].map(([name, storedAt]) => ({ name, storedAt })),
    };
  }

  store(name: string, value: string): object {
    if (value.length < 6) {
      throw new RequestError(
        'bad_request',
        'The text gave fewer than 6 characters, which could not be kept out of recordings. Use a value of at least 6 characters, or an ordinary variable of the profile if it is no secret.',
      );
    }
    this.#put(name, value, Date.now());
    return {};
  }

  remove(name: string): object {
    this.values.delete(name);
    this.#storedAt.delete(name);
    return {};
  }

  #put(name: string, value: string, at: number): void {
    this.values.set(name, value);
    this.#storedAt.set(name, at);
  }
}
