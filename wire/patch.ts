/** Small changes to the bytes of a PUBLISH that leave everything else as it came. */

const DUP = 0x08;
const RETAIN = 0x01;

/** Copies a PUBLISH frame with other flags. DUP stays 0 at QoS 0 (3.1.1 MQTT-3.3.1-2). */
export function withFlags(
  frame: Buffer,
  flags: { readonly dup?: boolean | undefined; readonly retain?: boolean | undefined },
): Buffer {
  const copy = Buffer.from(frame);
  let first = copy[0] ?? 0;
  const qos = (first >> 1) & 3;
  if (flags.dup !== undefined) first = flags.dup && qos > 0 ? first | DUP : first & ~DUP;
  if (flags.retain !== undefined) first = flags.retain ? first | RETAIN : first & ~RETAIN;
  copy[0] = first;
  return copy;
}

/** Copies a PUBLISH frame of QoS 1 or 2 with another packet identifier. */
export function withId(frame: Buffer, id: number): Buffer {
  const copy = Buffer.from(frame);
  let body = 1;
  while ((copy[body] ?? 0) & 0x80) body++;
  body++;
  copy.writeUInt16BE(id, body + 2 + copy.readUInt16BE(body));
  return copy;
}
