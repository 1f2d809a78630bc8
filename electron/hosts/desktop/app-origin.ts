/** Where the renderer is served from on desktop. */
export const APP_SCHEME = 'app';
const APP_HOST = 'sandglass';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;
/** The window's page. */
export const APP_PAGE = `${APP_ORIGIN}/`;

/** Whether a URL belongs to the app: its scheme and host, exactly. */
export function isAppUrl(url: string): boolean {
  const parsed = URL.parse(url);
  // Node knows no origin for schemes of our own.
  return (
    parsed !== null &&
    parsed.protocol === `${APP_SCHEME}:` &&
    parsed.host === APP_HOST &&
    parsed.username === '' &&
    parsed.password === ''
  );
}

/** The address of a link that may be opened in the user's browser, or null: only http and https, without credentials. */
export function webLink(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return null;
  return parsed.username === '' && parsed.password === '' ? parsed.href : null;
}
