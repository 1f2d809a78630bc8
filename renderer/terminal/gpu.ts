/** Names under which WebGL is drawn by the processor: there the DOM renderer is several times faster. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|swrast|lavapipe/i;

/** Whether the name WebGL gives its renderer means software. An empty name is not trusted. */
export function isSoftwareRenderer(name: string): boolean {
  return name === '' || SOFTWARE.test(name);
}

let known: boolean | undefined;

/** Whether WebGL 2 is drawn by a GPU here; asked once. */
export function hasRealGpu(): boolean {
  known ??= probe();
  return known;
}

function probe(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  if (context === null) return false;
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof name === 'string' && !isSoftwareRenderer(name);
}
