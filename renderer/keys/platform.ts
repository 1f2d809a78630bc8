/** The keyboard's conventions: macOS has its own. */
export type Platform = 'mac' | 'other';

/** Where the platform is read from; `Navigator` is one. `userAgentData`: https://wicg.github.io/ua-client-hints/ */
export interface PlatformSource {
  readonly platform: string;
  readonly userAgentData?: unknown;
}

/**
 * The platform of the keyboard, which is that of the browser: the host may run on another machine, or in a virtual one.
 */
export function platformOf(source: PlatformSource): Platform {
  const { userAgentData: hints } = source;
  const hinted = typeof hints === 'object' && hints !== null && 'platform' in hints ? hints.platform : '';
  const name = typeof hinted === 'string' && hinted !== '' ? hinted : source.platform;
  return /^(mac|iphone|ipad)/i.test(name) ? 'mac' : 'other';
}

/** The platform of this window's keyboard. */
export function keyboardPlatform(): Platform {
  return platformOf(navigator);
}
