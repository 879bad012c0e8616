/** The words of the codec that other layers speak; the codec itself is in `codec/`. */
export { type ClassOptions, registerClass } from "./codec/class-registry.js";
export { HANDLE } from "./codec/handle.js";
export type { DecodeLimits } from "./codec/structured.layout.js";
export { StructuredDecoder } from "./codec/structured-decoder.js";
export { StructuredEncoder } from "./codec/structured-encoder.js";
