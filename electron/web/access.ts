import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Browsers that may be signed in at the same time; the oldest is forgotten for a newer one. */
const MAX_BROWSERS = 32;

/**
 * Who may use this server: whoever follows a link with a token that is good for one use, and from then on shows the
 * cookie that the token was turned into. Both are 256 random bits; only their hashes are kept and compared.
 */
export class Access {
  readonly cookieName: string;
  #token: Buffer | null = null;
  readonly #browsers: Buffer[] = [];

  /** Cookies do not know of ports: the name keeps two instances on one machine apart. */
  constructor(port: number) {
    this.cookieName = `sandglass_${port}`;
  }

  /** A fresh token; the one before it, if it was not used, is void. */
  issueToken(): string {
    const token = newSecret();
    this.#token = hash(token);
    return token;
  }

  /** Turns the token into a `Set-Cookie` value. Null: it is wrong, or has been used. */
  redeem(token: string): string | null {
    if (this.#token === null || !timingSafeEqual(hash(token), this.#token)) return null;
    this.#token = null;
    const secret = newSecret();
    this.#browsers.push(hash(secret));
    if (this.#browsers.length > MAX_BROWSERS) this.#browsers.shift();
    return `${this.cookieName}=${secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether a request's `Cookie` header shows a cookie given by {@link redeem}. */
  isSignedIn(cookieHeader: string | undefined): boolean {
    let found = false;
    for (const secret of cookieValues(cookieHeader ?? '', this.cookieName)) {
      const candidate = hash(secret);
      for (const browser of this.#browsers) found = timingSafeEqual(candidate, browser) || found;
    }
    return found;
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}
