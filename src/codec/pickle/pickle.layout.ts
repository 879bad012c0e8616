/**
 * The opcodes of Python's pickle, protocols 0 to 5: byte, first protocol, what follows in the message, what it does to
 * the stack. `docs/formats/pickle.md` is printed from this table.
 */
export const pickleOpcodes = {
  MARK: [0x28, 0, "", "remembers how high the stack is"],
  STOP: [0x2e, 0, "", "ends the pickle; what lies on top is the value"],
  POP: [0x30, 0, "", "drops the top, or the mark if nothing lies above it"],
  POP_MARK: [0x31, 1, "", "drops all down to the mark"],
  DUP: [0x32, 0, "", "pushes the top again"],
  FLOAT: [0x46, 0, "text, line end", "float"],
  INT: [0x49, 0, "text, line end", "int; `01` and `00` are True and False"],
  BININT: [0x4a, 1, "i32", "int"],
  BININT1: [0x4b, 1, "u8", "int"],
  LONG: [0x4c, 0, "text, `L`, line end", "int"],
  BININT2: [0x4d, 1, "u16", "int"],
  NONE: [0x4e, 0, "", "None"],
  PERSID: [0x50, 0, "text, line end", "refused: a name for something outside the pickle"],
  BINPERSID: [0x51, 1, "", "refused: the same"],
  REDUCE: [0x52, 0, "", "calls a global with a tuple"],
  STRING: [0x53, 0, "quoted text, line end", "a Python 2 str"],
  BINSTRING: [0x54, 1, "i32 n, n bytes", "a Python 2 str"],
  SHORT_BINSTRING: [0x55, 1, "u8 n, n bytes", "a Python 2 str"],
  UNICODE: [0x56, 0, "text with \\u escapes, line end", "str"],
  BINUNICODE: [0x58, 1, "u32 n, n bytes", "str"],
  APPEND: [0x61, 0, "", "appends the top to the list below"],
  BUILD: [0x62, 0, "", "gives the object below its state"],
  GLOBAL: [0x63, 0, "two lines: module, name", "a global, if it is allowed"],
  DICT: [0x64, 0, "", "a dict of what lies above the mark"],
  APPENDS: [0x65, 1, "", "appends what lies above the mark"],
  GET: [0x67, 0, "text, line end", "pushes from the memo"],
  BINGET: [0x68, 1, "u8", "pushes from the memo"],
  INST: [0x69, 0, "two lines: module, name", "calls a global with what lies above the mark"],
  LONG_BINGET: [0x6a, 1, "u32", "pushes from the memo"],
  LIST: [0x6c, 0, "", "a list of what lies above the mark"],
  OBJ: [0x6f, 1, "", "calls the first above the mark with the rest"],
  PUT: [0x70, 0, "text, line end", "the top into the memo"],
  BINPUT: [0x71, 1, "u8", "the top into the memo"],
  LONG_BINPUT: [0x72, 1, "u32", "the top into the memo"],
  SETITEM: [0x73, 0, "", "a key and a value into the dict below"],
  TUPLE: [0x74, 0, "", "a tuple of what lies above the mark"],
  SETITEMS: [0x75, 1, "", "keys and values above the mark into the dict below"],
  EMPTY_TUPLE: [0x29, 1, "", "()"],
  EMPTY_LIST: [0x5d, 1, "", "[]"],
  EMPTY_DICT: [0x7d, 1, "", "{}"],
  BINFLOAT: [0x47, 1, "f64, highest byte first", "float"],
  PROTO: [0x80, 2, "u8", "the protocol"],
  NEWOBJ: [0x81, 2, "", "makes an instance of a global with a tuple"],
  EXT1: [0x82, 2, "u8", "refused: a number for a global"],
  EXT2: [0x83, 2, "u16", "refused: the same"],
  EXT4: [0x84, 2, "i32", "refused: the same"],
  TUPLE1: [0x85, 2, "", "a tuple of the top one"],
  TUPLE2: [0x86, 2, "", "a tuple of the top two"],
  TUPLE3: [0x87, 2, "", "a tuple of the top three"],
  NEWTRUE: [0x88, 2, "", "True"],
  NEWFALSE: [0x89, 2, "", "False"],
  LONG1: [0x8a, 2, "u8 n, n bytes", "int, two's complement, lowest byte first"],
  LONG4: [0x8b, 2, "i32 n, n bytes", "int, two's complement, lowest byte first"],
  BINBYTES: [0x42, 3, "u32 n, n bytes", "bytes"],
  SHORT_BINBYTES: [0x43, 3, "u8 n, n bytes", "bytes"],
  SHORT_BINUNICODE: [0x8c, 4, "u8 n, n bytes", "str"],
  BINUNICODE8: [0x8d, 4, "u64 n, n bytes", "str"],
  BINBYTES8: [0x8e, 4, "u64 n, n bytes", "bytes"],
  EMPTY_SET: [0x8f, 4, "", "set()"],
  ADDITEMS: [0x90, 4, "", "what lies above the mark into the set below"],
  FROZENSET: [0x91, 4, "", "a frozenset of what lies above the mark"],
  NEWOBJ_EX: [0x92, 4, "", "as NEWOBJ, with keyword arguments"],
  STACK_GLOBAL: [0x93, 4, "", "a global, named by two strings on the stack"],
  MEMOIZE: [0x94, 4, "", "the top into the memo, under the next number"],
  FRAME: [0x95, 4, "u64", "how many bytes follow; of no meaning here"],
  BYTEARRAY8: [0x96, 5, "u64 n, n bytes", "bytearray"],
  NEXT_BUFFER: [0x97, 5, "", "the next of the buffers beside the pickle"],
  READONLY_BUFFER: [0x98, 5, "", "makes it read-only; of no meaning here"],
} as const satisfies Record<string, readonly [byte: number, protocol: number, argument: string, meaning: string]>;

export type PickleOpcode = keyof typeof pickleOpcodes;

/** The byte of each opcode. */
export const OP = Object.fromEntries(Object.entries(pickleOpcodes).map(([name, [byte]]) => [name, byte])) as {
  readonly [Name in PickleOpcode]: (typeof pickleOpcodes)[Name][0];
};

/** The newest protocol that is read. */
export const NEWEST_PROTOCOL = 5;

/** The protocol that is written. */
export const WRITTEN_PROTOCOL = 4;

/** So many elements are between two marks, as Python writes them. */
export const BATCH = 1000;

/** An int written as text may have so many digits. */
export const MAX_DIGITS = 1_000_000;

/** What copies its arguments may copy so many bytes or elements in all, for each byte of the message. */
export const COPIES_PER_BYTE = 16;

/** A pickle may have so many time zones that are not known here: asking the engine for each takes its time. */
export const MAX_UNKNOWN_ZONES = 100;
