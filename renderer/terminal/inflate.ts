/** Inflates (RFC 1951) what came in parts. */
export async function inflate(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const deflated = new Blob(parts.map((part) => new Uint8Array(part))).stream();
  const stream = deflated.pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
