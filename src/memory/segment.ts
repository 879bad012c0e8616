import { randomBytes } from "node:crypto";
import { constants, lstatSync } from "node:fs";
import { join } from "node:path";
import { ExistsError, MismatchError, NotFoundError } from "../errors.js";
import { addon, check, EEXIST, ENOENT, ENOSPC, failed, MAP_SHARED } from "../native/addon.js";
import { ANONYMOUS, outOfMemory } from "./directory.js";
import {
  attachmentEntry,
  KINDS,
  type Kind,
  kindName,
  OBJECT_MAGIC,
  OBJECT_VERSION,
  objectHeader,
} from "./object.layout.js";
import { monotonicSeconds, type Registry } from "./registry.js";
import { Words } from "./words.js";

const PAGE = 4096;
const pages = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;

/** What a new object is made of. */
export interface SegmentSpec {
  readonly kind: Kind;
  /** Under which name others find it; without one it is reached by handing it over only. */
  readonly name?: string;
  /** Stays when its last holder goes. */
  readonly persist?: boolean;
  readonly maxAttached: number;
  /** What the kind itself lays out behind header and attachments. */
  readonly bodyBytes: number;
  /** A number of the kind's own. */
  readonly detail: number;
  /** Bytes of the user's data, for display. */
  readonly size: number;
  /** Capacities of rings, each a multiple of the page size, each mapped twice in a row so that records never wrap. */
  readonly rings?: readonly number[];
  /** Bytes of a block of its own pages, mapped by itself so that its buffer begins with the user's first byte. */
  readonly block?: number;
  /** Writes the body before anybody else can see it. */
  initialise?(segment: Segment): void;
}

/** One object's memory, mapped into this thread: its control words, and its rings or its block. */
export class Segment {
  readonly words: Words;
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly maxAttached: number;
  readonly detail: number;
  /** Word index of the first attachment. */
  readonly attachments: number;
  /** Word index of the bitmap of attachments that wait. */
  readonly waiting: number;
  readonly bodyOffset: number;
  private mapped = true;

  constructor(
    readonly registry: Registry,
    /** Header, attachments and body. */
    readonly control: ArrayBuffer,
    /** Rings or block. */
    readonly data: ArrayBuffer | undefined,
    readonly fileBytes: number,
    /** What tells its file from another one that has its name by now. */
    readonly inode: number,
  ) {
    const plain = new Uint32Array(control, 0, objectHeader.bytes / 4);
    const word = objectHeader.word;
    this.words = new Words(new Int32Array(control, 0, control.byteLength >>> 2));
    this.kind = kindName(plain[word.kind]) as Kind;
    this.maxAttached = plain[word.maxAttached];
    this.detail = plain[word.detail];
    this.attachments = plain[word.attachmentsOffset] / 4;
    this.waiting = plain[word.waitingOffset] / 4;
    this.bodyOffset = plain[word.bodyOffset];
    this.id = plain[word.idHigh].toString(16).padStart(8, "0") + plain[word.idLow].toString(16).padStart(8, "0");
    const name = new Uint8Array(control, objectHeader.offset.name, 208);
    this.name = Buffer.from(name.slice(0, name.indexOf(0))).toString();
  }

  get isNamed(): boolean {
    return this.words.load(objectHeader.word.named) === 1;
  }

  get persists(): boolean {
    return this.words.load(objectHeader.word.persist) === 1;
  }

  /** The file as it is named now: by its name or, once that was unlinked, by its identity. */
  get path(): string {
    return this.isNamed ? join(this.registry.directory, this.name) : this.anonymousPath;
  }

  get anonymousPath(): string {
    return join(this.registry.directory, ANONYMOUS, this.id);
  }

  /** How errors speak of it. */
  get label(): string {
    return this.name ? `${this.kind} ${JSON.stringify(this.name)}` : this.kind;
  }

  entry(index: number): number {
    return this.attachments + index * (attachmentEntry.bytes / 4);
  }

  /** Where its file may be: while its name is taken away, it moves from the first to the second. */
  get paths(): readonly string[] {
    if (this.name === "" || this.words.load(objectHeader.word.named) === 0) return [this.anonymousPath];
    return [join(this.registry.directory, this.name), this.anonymousPath];
  }

  /** Where its file is, and how many links it has; nothing when its name is gone, or is another file's. */
  find(): { path: string; links: number } | undefined {
    for (const path of this.paths) {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found?.ino === this.inode) return { path, links: found.nlink };
    }
    return undefined;
  }

  /** How many handles of it are on their way to somebody: links beside its own. */
  linksInFlight(): number {
    return (this.find()?.links ?? 1) - 1;
  }

  get isMapped(): boolean {
    return this.mapped;
  }

  /** Empties every view of it and gives the memory back; the addresses stay taken until the garbage collector comes. */
  unmap(): void {
    if (!this.mapped) return;
    this.mapped = false;
    addon().detach(this.control);
    if (this.data) addon().detach(this.data);
  }
}

interface Plan {
  readonly attachmentsOffset: number;
  readonly waitingOffset: number;
  readonly bodyOffset: number;
  readonly dataOffset: number;
  readonly fileBytes: number;
}

function plan(spec: SegmentSpec): Plan {
  const attachmentsOffset = objectHeader.bytes;
  const waitingOffset = attachmentsOffset + spec.maxAttached * attachmentEntry.bytes;
  const bodyOffset = Math.ceil((waitingOffset + Math.ceil(spec.maxAttached / 32) * 4) / 64) * 64;
  const controlBytes = bodyOffset + spec.bodyBytes;
  const data = spec.rings?.reduce((sum, capacity) => sum + capacity, 0) ?? spec.block ?? 0;
  const dataOffset = data > 0 ? pages(controlBytes) : controlBytes;
  return { attachmentsOffset, waitingOffset, bodyOffset, dataOffset, fileBytes: dataOffset + data };
}

/**
 * Makes an object whole before it has a name: a file without one, its memory reserved, header and body written, then
 * linked. Nobody ever opens a half-made object, and a maker killed at any point leaves nothing.
 */
export function createSegment(registry: Registry, spec: SegmentSpec): Segment {
  const native = addon();
  const { directory } = registry;
  const label = spec.name ? `${spec.kind} ${JSON.stringify(spec.name)}` : spec.kind;
  const layout = plan(spec);
  const fd = native.tmpfile(directory, layout.fileBytes);
  if (fd === ENOSPC) throw outOfMemory(directory, layout.fileBytes, `${label}: create`);
  check(fd, "open", `${label}: create in ${directory}`);
  try {
    const control = mapControl(fd, layout.dataOffset, label);
    const header = new Uint32Array(control, 0, objectHeader.bytes / 4);
    const { word, offset } = objectHeader;
    const identity = randomBytes(8);
    header[word.version] = OBJECT_VERSION;
    header[word.kind] = KINDS[spec.kind];
    header[word.persist] = spec.persist ? 1 : 0;
    header[word.named] = spec.name ? 1 : 0;
    header[word.maxAttached] = spec.maxAttached;
    header[word.creator] = registry.self;
    header[word.attachmentsOffset] = layout.attachmentsOffset;
    header[word.waitingOffset] = layout.waitingOffset;
    header[word.bodyOffset] = layout.bodyOffset;
    header[word.dataOffset] = layout.dataOffset;
    header[word.detail] = spec.detail;
    header[word.idHigh] = identity.readUInt32LE(0);
    header[word.idLow] = identity.readUInt32LE(4);
    new Float64Array(control, offset.size, 2).set([spec.size, monotonicSeconds()]);
    Buffer.from(control, offset.name, 208).write(spec.name ?? "");
    header[word.magic] = OBJECT_MAGIC;
    const data = mapData(fd, spec.rings, spec.block, layout, label);
    const stat = new Float64Array(6);
    check(native.stat(fd, stat.buffer), "statx", `${label}: create`);
    const segment = new Segment(registry, control, data, layout.fileBytes, stat[2]);
    new Int32Array(control)[segment.entry(0) + attachmentEntry.word.owner] = registry.self;
    spec.initialise?.(segment);
    const linked = native.link(fd, segment.path);
    if (linked === EEXIST) {
      segment.unmap();
      throw new ExistsError(`${label}: create, and the name is taken (open or openOrCreate takes what is there)`, {
        resource: spec.name,
      });
    }
    check(linked, "linkat", `${label}: create`);
    return segment;
  } finally {
    native.close(fd);
  }
}

/** Maps the object behind a path. @throws NotFoundError, MismatchError for another kind, version or a foreign file */
export function openSegment(registry: Registry, path: string, kind: Kind | undefined, resource: string): Segment {
  const native = addon();
  const fd = native.open(path, constants.O_RDWR | constants.O_NOFOLLOW, 0);
  if (fd === ENOENT)
    throw new NotFoundError(
      `${kind ?? "object"} ${JSON.stringify(resource)}: open, and there is none in ${registry.directory}`,
      {
        resource,
      },
    );
  check(fd, "open", `${kind ?? "object"} ${JSON.stringify(resource)}: open`);
  try {
    const found = readHeader(fd, path, kind, resource);
    const control = mapControl(fd, found.dataOffset, resource);
    const data = mapData(fd, found.rings, found.block, found, resource);
    return new Segment(registry, control, data, found.fileBytes, found.inode);
  } finally {
    native.close(fd);
  }
}

interface Found {
  readonly dataOffset: number;
  readonly fileBytes: number;
  readonly inode: number;
  readonly rings?: readonly number[];
  readonly block?: number;
}

/** Reads and checks a header by a copy, so that nothing of a foreign or hostile file is mapped or believed. */
function readHeader(fd: number, path: string, kind: Kind | undefined, resource: string): Found {
  const stat = new Float64Array(6);
  check(addon().stat(fd, stat.buffer), "statx", path);
  const [fileBytes, , inode, , uid, mode] = stat;
  const bytes = new ArrayBuffer(objectHeader.bytes);
  const mismatch = (what: string): MismatchError =>
    new MismatchError(`${kind ?? "object"} ${JSON.stringify(resource)}: open, and ${what}`, { resource });
  if ((mode & constants.S_IFMT) !== constants.S_IFREG || uid !== (process.getuid?.() ?? uid))
    throw mismatch("the file of that name is not a regular file of this user");
  if (check(addon().read(fd, bytes, 0), "pread", path) < bytes.byteLength)
    throw mismatch("the file of that name is no interproc object");
  const header = new Uint32Array(bytes);
  const { word } = objectHeader;
  if (header[word.magic] !== OBJECT_MAGIC || header[word.version] !== OBJECT_VERSION)
    throw mismatch(
      `the file of that name has magic 0x${header[word.magic].toString(16)} and version ${header[word.version]}; ` +
        `allowed: magic 0x${OBJECT_MAGIC.toString(16)} and version ${OBJECT_VERSION}`,
    );
  if (kind !== undefined && header[word.kind] !== KINDS[kind]) throw mismatch(`it is a ${kindName(header[word.kind])}`);
  const maxAttached = header[word.maxAttached];
  const dataOffset = header[word.dataOffset];
  const expected = plan({ kind: "pipe", maxAttached, bodyBytes: 0, detail: 0, size: 0 });
  if (
    maxAttached < 1 ||
    maxAttached > 65_536 ||
    header[word.attachmentsOffset] !== expected.attachmentsOffset ||
    header[word.waitingOffset] !== expected.waitingOffset ||
    header[word.bodyOffset] !== expected.bodyOffset ||
    dataOffset < expected.bodyOffset ||
    dataOffset > fileBytes ||
    (dataOffset < fileBytes && dataOffset % PAGE !== 0)
  )
    throw mismatch("its header contradicts itself or the file's size");
  const data = fileBytes - dataOffset;
  if (header[word.kind] !== KINDS.pipe) return { dataOffset, fileBytes, inode, block: data };
  const capacity = header[word.detail];
  if (capacity < PAGE || (capacity & (capacity - 1)) !== 0 || data !== capacity * 2)
    throw mismatch(`its capacity ${capacity} does not fit the file's ${fileBytes} bytes`);
  return { dataOffset, fileBytes, inode, rings: [capacity, capacity] };
}

function mapControl(fd: number, bytes: number, label: string): ArrayBuffer {
  return mapped(addon().map(fd, MAP_SHARED, bytes, 0, bytes), label);
}

function mapData(
  fd: number,
  rings: readonly number[] | undefined,
  block: number | undefined,
  { dataOffset }: { dataOffset: number },
  label: string,
): ArrayBuffer | undefined {
  if (block) return mapped(addon().map(fd, MAP_SHARED, block, dataOffset, block), label);
  if (!rings) return undefined;
  const regions: number[] = [];
  let at = dataOffset;
  for (const capacity of rings) {
    regions.push(at, capacity, at, capacity);
    at += capacity;
  }
  return mapped(addon().map(fd, MAP_SHARED, -1, ...regions), label);
}

function mapped(buffer: ArrayBuffer | number, label: string): ArrayBuffer {
  if (typeof buffer === "number") throw failed(buffer, "mmap", `${label}: map`);
  return buffer;
}
