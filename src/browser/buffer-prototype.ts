/** Where there are no byte arrays but the language's: the prototype of nothing. */
export const bufferPrototype: object = {};
