import type { Plugin } from 'vite';

/** The default foreground in `DomRendererRowFactory.createRow`, where its contrast with the background is looked at. */
const DEFAULT_FOREGROUND =
  /(case 0:default:this\._applyMinimumContrast\(\w+,\w+,)(\w+)\.foreground(,\w+,\w+,\w+\)\|\|)(\w+)(&&)/g;

/**
 * Corrects the minimum contrast of reverse video in xterm.js's DOM renderer. In a reversed cell whose own background is the
 * default one, text has the colour of the default background, but the renderer measures the contrast of the default
 * foreground: mostly with itself, so that text ends up as grey on white. Its WebGL renderer takes the right pair.
 *
 * @throws Error when there is not exactly one such place: with another release of xterm.js this has to be looked at.
 */
export function correctReverseContrast(code: string): string {
  const places = [...code.matchAll(DEFAULT_FOREGROUND)].length;
  if (places !== 1) {
    throw new Error(
      `xterm.js measures the contrast of its default foreground in ${places} places instead of one. If its DOM renderer draws reverse video right by now, scripts/xterm-contrast.ts can go.`,
    );
  }
  return code.replace(DEFAULT_FOREGROUND, '$1($4?$2.background:$2.foreground)$3$4$5');
}

/** Has Vite apply {@link correctReverseContrast}. */
export function xtermContrast(): Plugin {
  return {
    name: 'sandglass:xterm-contrast',
    transform: {
      filter: { id: /[\\/]@xterm[\\/]xterm[\\/]lib[\\/]xterm\.mjs/ },
      handler: (code) => ({ code: correctReverseContrast(code), map: null }),
    },
  };
}
