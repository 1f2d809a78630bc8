/** How many bytes a UTF-8 sequence has that starts with this byte; 1 for bytes that cannot start a longer one. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  return 1;
}

/**
 * Where to cut bytes so that a character which continues in the next read stays whole: the index of a lead byte among
 * the last three whose sequence is not complete yet, else the length. Cutting before a lead byte never changes what
 * the parts decode to, because a lead byte always starts a new sequence, whatever came before it.
 */
export function completeLength(bytes: Uint8Array): number {
  const length = bytes.length;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceLength(byte) > back ? length - back : length;
  }
  return length;
}
