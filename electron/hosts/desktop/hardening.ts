import type { App, Session, WebContents } from 'electron';
import type { Logger } from 'pino';
import { APP_ORIGIN, isAppUrl, webLink } from './app-origin.ts';

/**
 * Permissions our own page may have: writing to the clipboard, and reading from it, which the page does when the user chooses
 * “Paste” (the Async Clipboard API asks for `clipboard-read`; a paste by key does not need it).
 */
const PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'clipboard-read']);

/** Who asks for a permission: in our page's main frame or not, in the window that has the focus or not. */
export interface PermissionAsker {
  readonly permission: string;
  readonly url: string;
  readonly isMainFrame: boolean;
  readonly isFocused: boolean;
}

/** Whether a permission is granted. The clipboard is read only for the window the user is at. */
export function isPermitted({ permission, url, isMainFrame, isFocused }: PermissionAsker): boolean {
  if (!PERMISSIONS.has(permission) || !isMainFrame || !isAppUrl(url)) return false;
  return permission !== 'clipboard-read' || isFocused;
}

/** Grants pages nothing but {@link isPermitted}. */
export function restrictPermissions(session: Session, logger: Logger): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const granted = isPermitted({
      permission,
      url: details.requestingUrl,
      isMainFrame: details.isMainFrame,
      isFocused: contents.isFocused(),
    });
    if (!granted) logger.warn({ permission, url: details.requestingUrl }, 'A permission was refused');
    callback(granted);
  });
  session.setPermissionCheckHandler((contents, permission, requestingOrigin, details) =>
    isPermitted({
      permission,
      // Chromium gives the origin with or without a slash at its end.
      url: requestingOrigin.replace(/\/?$/, '/'),
      isMainFrame: details.isMainFrame,
      isFocused: contents?.isFocused() ?? false,
    }),
  );
  session.setDevicePermissionHandler(() => false);
}

export interface HardeningOptions {
  readonly openExternal: (url: string) => Promise<void>;
  readonly logger: Logger;
}

/** Keeps every page where it is: no navigation away, no new windows, no embedded contents. Web links go to the browser. */
export function hardenContents(app: App, { openExternal, logger }: HardeningOptions): void {
  app.on('web-contents-created', (_event, contents) => harden(contents, { openExternal, logger }));
}

function harden(contents: WebContents, { openExternal, logger }: HardeningOptions): void {
  const refuse = (event: { preventDefault(): void; url: string }): void => {
    event.preventDefault();
    logger.warn({ url: event.url.slice(0, 200) }, `A page tried to leave ${APP_ORIGIN}`);
  };
  contents.on('will-navigate', refuse);
  contents.on('will-frame-navigate', refuse);
  contents.on('will-redirect', refuse);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const link = webLink(url);
    if (link === null) logger.warn({ url: url.slice(0, 200) }, 'A link was not opened');
    else openExternal(link).catch((error: unknown) => logger.warn({ err: error }, 'A link could not be opened'));
    return { action: 'deny' };
  });
}
