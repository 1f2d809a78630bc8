/** A page for a person who cannot be let in or finds nothing: what happened, and what to do. */
export function messagePage(title: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} – Sandglass</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 20vh auto 0; max-width: 32rem; padding: 0 16px; }
h1 { font-size: 20px; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const FRESH_LINK =
  'Press Enter in the terminal where Sandglass runs to get a fresh link, or start Sandglass again, and open the link it prints.';

/** The port that the browser asked for, and the server's own. */
export interface Ports {
  readonly asked: number;
  readonly own: number;
}

export function notSignedInPage(ports: Ports): string {
  return messagePage('This browser is not signed in', freshLink(ports));
}

export function badTokenPage(ports: Ports): string {
  const why = 'A link opens Sandglass once, and this one was used before or is not complete.';
  return messagePage('This link no longer works', `${why} ${freshLink(ports)}`);
}

/** How to sign in. The printed link has the server's port, which leads nowhere where another one is forwarded to it. */
function freshLink({ asked, own }: Ports): string {
  if (asked === own) return FRESH_LINK;
  return `${FRESH_LINK} This address is a forwarded port: put ${asked} in place of ${own} in the link.`;
}

export const REFUSED_PAGE = messagePage(
  'This request was refused',
  'It came from another page. Open Sandglass by the link that it prints in the terminal.',
);

/** The longest name that is repeated, in UTF-16 code units; a DNS name has at most 253. */
const MAX_NAME = 260;

/**
 * For a request by a name that is not a loopback one.
 *
 * @param host the request's `Host` header
 * @param port the server's own port
 */
export function foreignHostPage(host: string, port: number): string {
  const asked = host === '' ? 'without a name' : `as “${host.slice(0, MAX_NAME)}”`;
  return messagePage(
    'Sandglass does not answer to this name',
    `It was asked for ${asked}, and answers to 127.0.0.1, localhost and [::1] alone, with any port. Any other name could ` +
      'belong to a website that points it at this machine to reach your terminals. Open the address with 127.0.0.1 in its ' +
      `place. From another machine, forward a port first, as with “ssh -L 9000:127.0.0.1:${port} user@machine”, and open ` +
      `the link that Sandglass prints with 9000 in place of ${port}.`,
  );
}

export const NOT_FOUND_PAGE = messagePage('There is nothing here', 'Open the start page of Sandglass again.');
export const NO_DOWNLOAD_PAGE = messagePage(
  'This download is no longer available',
  'A download can be fetched once, within a minute. Export the session again.',
);
