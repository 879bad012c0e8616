const PLAIN = 0;
const ECHO = 1;
const ASKING = 2;
/** The first byte says what it is, four more a number. */
const LEAST_BYTES = 16;

/**
 * Messages as they are measured: bytes whose first one says what the receiver does. It counts plain ones; it counts and
 * answers asking ones with how many it has counted since it began; and it sends back whole what is to be echoed, which has
 * a number, so that an answer that comes late is told from the one that is waited for.
 */
export const message = {
  LEAST_BYTES,
  plain: (bytes: number): Uint8Array => filled(bytes, PLAIN),
  asking: (bytes: number): Uint8Array => filled(bytes, ASKING),
  echo: (bytes: number): Uint8Array => filled(bytes, ECHO),
  isEcho: (received: Uint8Array): boolean => received[0] === ECHO,
  isAsking: (received: Uint8Array): boolean => received[0] === ASKING,
  setNumber: (sent: Uint8Array, number: number): void => {
    sent[1] = number;
    sent[2] = number >> 8;
    sent[3] = number >> 16;
    sent[4] = number >> 24;
  },
  number: (received: Uint8Array): number =>
    received[1] | (received[2] << 8) | (received[3] << 16) | (received[4] << 24),
  /** The answer to an asking one. */
  receipt(total: number): Uint8Array {
    const bytes = filled(LEAST_BYTES, ASKING);
    new DataView(bytes.buffer).setFloat64(8, total);
    return bytes;
  },
  total: (receipt: Uint8Array): number =>
    new DataView(receipt.buffer, receipt.byteOffset, receipt.byteLength).getFloat64(8),
};

function filled(bytes: number, kind: number): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) made[i] = i * 7;
  made[0] = kind;
  message.setNumber(made, 0);
  return made;
}
