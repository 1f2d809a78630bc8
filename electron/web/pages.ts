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

export const NOT_SIGNED_IN_PAGE = messagePage('This browser is not signed in', FRESH_LINK);
export const BAD_TOKEN_PAGE = messagePage(
  'This link no longer works',
  `A link opens Sandglass once, and this one was used before or is not complete. ${FRESH_LINK}`,
);
export const REFUSED_PAGE = messagePage(
  'This request was refused',
  'It came by another name or from another page. Open Sandglass by the link that it prints in the terminal.',
);
export const NOT_FOUND_PAGE = messagePage('There is nothing here', 'Open the start page of Sandglass again.');
export const NO_DOWNLOAD_PAGE = messagePage(
  'This download is no longer available',
  'A download can be fetched once, within a minute. Export the session again.',
);
