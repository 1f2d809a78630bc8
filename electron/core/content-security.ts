/**
 * What a page of Sandglass may load and do, the same in both hosts: its own files and nothing else.
 *
 * Styles alone may be inline: xterm.js 6 writes `<style>` elements and `style` attributes for the theme, the cell size
 * and true colours of its DOM renderer, and takes no nonce for them. With fonts and images bound to the same origin, a
 * style cannot reach any other server.
 *
 * @param connectTo the page's socket where it has one, such as `ws://127.0.0.1:4000`
 */
function contentSecurityPolicy(connectTo?: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${connectTo === undefined ? '' : ` ${connectTo}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** The headers of every answer: the policy above, no guessed types, no referrer, no sharing with other origins, no devices. */
export function securityHeaders(connectTo?: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(connectTo),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy':
      'camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), midi=(), payment=()',
  };
}
