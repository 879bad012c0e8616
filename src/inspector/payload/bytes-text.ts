import { quoted } from "./quoted.js";

const MOST_BYTES = 96;

/** Bytes as text where they are UTF-8 without controls, else in hexadecimal. */
export function bytesText(bytes: Uint8Array, length: number = bytes.length): string {
  const text = utf8Of(bytes, bytes.length < length);
  if (text !== undefined && text !== "") return `bytes ${quoted(text, bytes.length < length ? length : text.length)}`;
  const shown = Buffer.from(bytes.subarray(0, MOST_BYTES))
    .toString("hex")
    .replace(/(..)(?!$)/g, "$1 ");
  return length === 0 ? "no bytes" : `bytes ${shown}${length > MOST_BYTES ? " …" : ""}`;
}

/** The last character may be cut off where the bytes are. */
function utf8Of(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    // a control character other than a tab or an end of line says that it is no text
    return [...text].some((one) => one < " " && !"\t\n\r".includes(one)) ? undefined : text;
  } catch {
    return undefined;
  }
}
