import { pathToFileURL } from "node:url";
import { MAX_REGEXP_COST } from "#src/codec/regexp-cost.js";
import {
  BUFFER_ALIGNMENT,
  defaultLimits,
  errorFields,
  errorKinds,
  FLAGS,
  FORMAT_VERSION,
  MAX_CLASS_NAME,
  MAX_REGEXP_SOURCE,
  structuredTags,
  TAG,
  type TagName,
  TRAILER_BYTES,
  viewKinds,
} from "#src/codec/structured.layout.js";

/** `docs/formats/structured.md` as the tables say it. */
export function formatPage(): string {
  const number = (value: number): string => value.toLocaleString("en");
  return `# The format \`"structured"\`

Printed from the tables in \`src/codec/structured.layout.ts\` by \`node build/test/codec/format-page.js\`; a test holds both equal.

A message is one value with all that it refers to. It stands for itself: nothing in it depends on messages before. All
numbers are little-endian. A *varint* has seven bits a byte, lowest first, and the high bit says that more bytes follow; it is
at most 2^53 - 1.

| part | layout |
| --- | --- |
| header | u8: version ${FORMAT_VERSION} in the high four bits, flags in the low four |
| value | a tag and what it announces; see below |
| buffers | with flag ${FLAGS.buffers} only: varint count; for each: varint base, varint length, zeros up to a multiple of ${BUFFER_ALIGNMENT} from the message's start, the bytes |
| trailer | with flag ${FLAGS.buffers} only: ${TRAILER_BYTES} bytes, where the buffers begin, from the message's start |

Flags: ${FLAGS.references} the tag \`reference\` occurs (so a reader without it need not number the objects); ${FLAGS.buffers} buffers stand behind the value.
Other flags and versions are refused.

## Tags

| byte | tag | followed by | what it is |
| --- | --- | --- | --- |
${(Object.keys(structuredTags) as TagName[]).map(tagRow).join("\n")}

Bytes from ${hex(Object.values(structuredTags).reduce((sum, [tags]) => sum + tags, 0))} on are no tags. Where a *string* is announced, one of the three string tags follows.

## Objects

Every object of the message has a number, in the order of their tags, from 0; \`reference\` repeats one. The state of an
\`instance\` has a number too where it is an object.

A *shape* is a list of keys. \`shape\` defines the next one and is its first object at once: the count of keys, the length of
the definition, the keys, then as many values. A key is a varint (its length in characters times two, plus one when it is
UTF-16) and its characters. Which objects get a shape is the writer's choice; ours gives one to objects of up to 64 keys.
Keys are own properties of the object, whatever they are called: \`__proto__\` too.

Elements of an array are values or \`holes\`. The length of an array with holes may be larger than the message; a reader must
not take memory for it.

## Views

\`view\` and \`arrayBuffer\` name a buffer behind the value by its number. The sender's buffer is sent from the first to the
last byte that a view in the message covers, beginning at a multiple of the largest element; *base* says how many bytes of
it were left out before, and a view's offset counts from the start of the sender's. Views that had a buffer in common have
one again. A Buffer that is a part of a larger memory, such as Node's pool, brings its own bytes and shares them with
nobody.

Kinds of views: ${viewKinds.map((kind, index) => `${index} ${kind}`).join(", ")}.

## Errors

Kinds: ${errorKinds.map((kind, index) => `${index} ${kind}`).join(", ")}.

Fields: ${errorFields.map((field, bit) => `${2 ** bit} ${field}`).join(", ")}; the first four are strings. An error without \`stack\` has none on arrival. \`name\` is
there when it is another than the kind's.

## Instances

\`instance\` names the class by its number in the message; the next unused number is followed by the class's name, which is
looked up among the receiver's registered classes. The state is a value: where the class has no \`setState\`, a plain
object whose properties become the instance's. A state that has to be complete before the instance can be made
cannot refer to it.

## Handles

\`handle\` stands for an object that is handed over and not copied. Handles are numbered from 0 in order; what they
stand for travels beside the message, and only over shared memory.

## Limits

| limit | default |
| --- | --- |
| objects in each other (\`maxDepth\`); an instance and its state are two | ${number(defaultLimits.maxDepth)} |
| array slots, holes too, entries and keys in a message (\`maxCount\`) | ${number(defaultLimits.maxCount)} |
| characters of a regular expression | ${number(MAX_REGEXP_SOURCE)} |
| Unicode properties in the regular expressions of a message; one of strings (\`\\p{RGI_Emoji}\`) counts as 100 | ${number(MAX_REGEXP_COST)} |
| characters of a class's name | ${number(MAX_CLASS_NAME)} |
| keys of a Map or a Set that V8 would put into one bucket | about 64, and 1,000 bigints that are equal in their low 64 bits |

Both sides have the same defaults: what encodes, decodes. A decoder refuses everything else with a \`CodecError\`. It takes
memory as contents come, never for a length that a message announces: at most about 100 bytes for a byte of the
message, most for empty Maps and for objects with one high index. Where that is too much, lower \`maxCount\`.

## Against structured clone

The same values arrive, except that

- errors keep \`name\` and a \`code\` that is a string, and an AggregateError its \`errors\`;
- an instance of a class arrives as one if the class is registered, and is refused otherwise, where structured clone
  makes a plain object of it; instances of classes that extend a built-in one arrive as the built-in one in both;
- a view brings the part of its buffer that is needed, and a resizable buffer arrives fixed;
- an \`arguments\` object arrives as a plain object;
- an object is recognised as a plain one by its prototype: what hides another kind behind \`Object.prototype\` arrives as
  a plain object;
- a SharedArrayBuffer is refused.
`;
}

function tagRow(name: TagName): string {
  const [tags, layout, meaning] = structuredTags[name];
  const first = TAG[name];
  const bytes = tags === 1 ? hex(first) : `${hex(first)}-${hex(first + tags - 1)}`;
  return `| ${bytes} | \`${name}\` | ${layout} | ${meaning} |`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.stdout.write(formatPage());
