import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Browsers that may be signed in at the same time; the oldest is forgotten for a newer one. */
const MAX_BROWSERS = 32;

/**
 * Who may use this server: whoever follows a link with a token that is good for one use, and from then on shows the
 * cookie that the token was turned into. Both are 256 random bits; only their hashes are kept and compared.
 *
 * Nothing of it outlives the process. While no server runs, open pages keep probing its port, and whoever takes the port
 * meanwhile is shown their cookie: it must open nothing later.
 */
export class Access {
  #token: Buffer | null = null;
  readonly #browsers: Buffer[] = [];

  /** A fresh token; the one before it, if it was not used, is void. */
  issueToken(): string {
    const token = newSecret();
    this.#token = hash(token);
    return token;
  }

  /**
   * Turns the token into a `Set-Cookie` value. Null: it is wrong, or has been used.
   *
   * @param port the port that the browser asked for, which is another one than the server's where it is forwarded
   */
  redeem(token: string, port: number): string | null {
    if (this.#token === null || !timingSafeEqual(hash(token), this.#token)) return null;
    this.#token = null;
    const secret = newSecret();
    this.#browsers.push(hash(secret));
    if (this.#browsers.length > MAX_BROWSERS) this.#browsers.shift();
    return `${cookieName(port)}=${secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether a request's `Cookie` header shows a cookie given by {@link redeem} for this port. */
  isSignedIn(cookieHeader: string | undefined, port: number): boolean {
    let found = false;
    for (const secret of cookieValues(cookieHeader ?? '', cookieName(port))) {
      const candidate = hash(secret);
      for (const browser of this.#browsers) found = timingSafeEqual(candidate, browser) || found;
    }
    return found;
  }
}

/**
 * Cookies do not know of ports (RFC 6265, section 8.5): the name keeps instances apart. It has the port that the browser
 * sees, since the ports of two machines that are forwarded to this one may be the same over there.
 */
function cookieName(port: number): string {
  return `sandglass_${port}`;
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
