/**
 * What an object that is handed over, and not copied, has as a key on its prototype: a shared object or a connection's
 * end. The codec writes such an object's index in the message and never looks inside.
 */
export const HANDLE: unique symbol = Symbol.for("interproc.handle");
