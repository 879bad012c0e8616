/** The prototype of Node's own byte arrays. The browser build has another module in place of this one. */
export const bufferPrototype: object = Buffer.prototype;
