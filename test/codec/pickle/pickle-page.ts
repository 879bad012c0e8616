import { pathToFileURL } from "node:url";
import { knownGlobals } from "#src/codec/pickle/known-globals.js";
import {
  COPIES_PER_BYTE,
  MAX_DIGITS,
  MAX_UNKNOWN_ZONES,
  NEWEST_PROTOCOL,
  pickleOpcodes,
  WRITTEN_PROTOCOL,
} from "#src/codec/pickle/pickle.layout.js";
import { arrivals, departures } from "./mapping.js";

/** `docs/formats/pickle.md` as the tables say it. */
export function picklePage(): string {
  const number = (value: number): string => value.toLocaleString("en");
  return `# Python's values: the codec \`"pickle"\`

Printed from \`src/codec/pickle/pickle.layout.ts\` and the tables of the tests by \`node build/test/codec/pickle/pickle-page.js\`; a test holds
both equal, and sends every row through the Pythons that it finds.

Pickles of protocols 0 to ${NEWEST_PROTOCOL} are read, from any Python; protocol ${WRITTEN_PROTOCOL} is written, which Python 3.4 and newer read. Nothing in a pickle
runs code: what it names is looked up in the list at the end, or among the \`globals\` that you gave. Any other name is a
\`CodecError\` that says which.

## From Python, and back

| Python | here | comes back as |
| --- | --- | --- |
${arrivals.map(({ python, here, back, since }) => `| \`${python}\`${since === undefined ? "" : ` (3.${since})`} | ${here} | ${back === undefined ? "the same" : `\`${back}\``} |`).join("\n")}

Objects that are referred to more than once, and those that contain themselves, stay so. Besides what the table says, a round
trip changes this:

- A tuple, a frozenset and a bytearray come back as list, set and bytes; those in a dict's key or in a set stay what they
  were. \`PythonTuple\` writes a tuple anywhere.
- A float with an integer's value comes back as int; Python holds both equal.
- In a plain object, keys that look like array indices come first; Python holds both dicts equal. An OrderedDict keeps its order.
- Whether a UUID is known to be safe is not kept.
- A dict or a set with two different NaNs in it is refused: a Map and a Set hold one.
- What is in an Array besides its elements, an object's symbols, and where a view lies in its buffer are not written.

A naive datetime's instant, \`getTime()\`, is that of this machine's local time, as Python's \`timestamp()\` has it. A zone that
Node does not know makes an invalid Date; it goes back unchanged all the same.

An exception of any class in the list arrives as \`PythonError\`, an Error whose \`name\` is the class. What was set on it is in \`attributes\`; the
traceback that \`multiprocessing.Pool\` and \`concurrent.futures\` put beside it is its \`cause\`.

## From here to Python

| here | Python |
| --- | --- |
${departures.map(({ here, python }) => `| ${here} | \`${python}\` |`).join("\n")}

And all that the table above lists. An Error's \`code\`, a \`name\` of its own, and its \`cause\` if that is an Error (\`__cause__\`) are written as
attributes of the exception; the stack is not. A class that extends Error and is not registered is an Exception whose \`name\` is the class's. A Float16Array is an \`array.array('f')\`.

Refused with a \`CodecError\` that says what and where: functions, symbols, instances of classes that are not registered, regular
expressions, Promises, Proxies, boxed values, invalid Dates and years beyond 1 to 9999, what Python does not allow as a dict's key or in a
set (an object, a Map, a typed array), and a tuple that contains itself.

## numpy

| numpy | here | comes back as |
| --- | --- | --- |
| an ndarray | \`NumpyArray\`: \`data\` in a row, \`shape\`, \`dtype\`, \`isFortran\` | the same, lowest byte first |
| of bool, intN, uintN, float32, float64 | \`data\` is the typed array; bool is a Uint8Array | |
| of float16 | a Float16Array where Node has it, else the bits in a Uint16Array | |
| of complex64, complex128 | two floats an element | |
| of datetime64, timedelta64 | a BigInt64Array; the unit is in \`dtype\` | |
| of str, bytes, object | an Array of strings, Uint8Arrays, values | |
| a scalar | the number, boolean, string, Uint8Array or PythonComplex | the Python value, which is equal |
| a scalar datetime64, timedelta64 | a NumpyArray of shape () | an array of shape () |
| a dtype | \`NumpyDtype\` | the same |

Records and other types are refused. Memory that stands beside a pickle of protocol 5 (\`buffer_callback\`) is given to
\`decode(bytes, { buffers })\`; a numpy array copies it.

## Your own classes

\`\`\`ts
const codec = pickleCodec({
  globals: {
    "shop.models.Order": { class: Order }, // instances, both ways: __dict__ becomes properties
    "shop.models.Point": {
      class: Point,
      create: (x, y) => new Point(Number(x), Number(y)),
      getArguments: ({ x, y }: Point) => [x, y], // written as Point(x, y)
    },
    "shop.models.Colour": (value) => value, // an Enum arrives as its value
    "shop.models:Outer.Inner": { class: Inner }, // a nested class
    "shop.tasks.resize": { value: resize }, // a function by name, both ways
  },
});
\`\`\`

The functions get data from the other process and have to check it. They may run twice for one message.

## Limits

| limit | |
| --- | --- |
| how deep values lie in each other, both ways | none |
| what calls may copy of what the pickle holds, such as \`set(a list)\` | ${COPIES_PER_BYTE} bytes or elements for each byte of the pickle, and 65,536 |
| time zones that Node does not know | ${MAX_UNKNOWN_ZONES} |
| digits of an int that is written as text (protocol 0) | ${number(MAX_DIGITS)} |
| bytes of an int | what a bigint can have: 2^27 in V8 |
| numbers as keys that V8 would put into one bucket | about 64, and 1,000 bigints that are equal in their low 64 bits |

Memory is taken as contents come, never for a length that a pickle announces: at most about 250 bytes for a byte of the
pickle, most for empty sets, as in Python. A number in the memo may be anything; the memo holds
what was put. What follows STOP is ignored, as Python does. Of a Python 2 str that is not ASCII, \`pickleCodec({ encoding })\` says
what it becomes, as \`pickle.loads\` does.

## Instructions

| byte | name | since protocol | followed by | what it does |
| --- | --- | --- | --- | --- |
${Object.entries(pickleOpcodes)
  .map(
    ([name, [byte, protocol, argument, meaning]]) =>
      `| ${hex(byte)} | ${name} | ${protocol} | ${argument} | ${meaning} |`,
  )
  .join("\n")}

## What a pickle may name

Older and newer names of the modules count too: \`__builtin__\`, \`exceptions\`, \`copy_reg\`, \`Queue\`, \`_queue\`, \`pathlib._local\`, \`numpy._core\`; and
Python 2's \`xrange\`, \`long\`, \`unicode\`.

| module | names |
| --- | --- |
${modules()}
`;
}

function modules(): string {
  const byModule = new Map<string, string[]>();
  for (const { module, name } of knownGlobals.values()) byModule.set(module, [...(byModule.get(module) ?? []), name]);
  return [...byModule]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, names]) => `| \`${module}\` | ${names.sort().join(", ")} |`)
    .join("\n");
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(picklePage());
