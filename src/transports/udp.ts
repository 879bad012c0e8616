import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { checkIndex } from "../buffers.js";
import { UsageError } from "../errors.js";
import { type CodecName, codecOf, type MessageCodec } from "./message-codec.js";
import { networkError } from "./network-error.js";
import type { StandardSchema } from "./standard-schema.js";
import { UdpAddress } from "./udp-address.js";
import { UdpSocket } from "./udp-socket.js";

/** So much may lie there unless it is said otherwise. */
const MAX_KEPT = 10_000;
const MAX_KEPT_BYTES = 8 * 2 ** 20;
/** The longest datagram must have room. */
const LEAST_KEPT_BYTES = 65_536;

/** How messages are written, how many wait to be received, and what the system is told of the socket. */
export interface UdpOptions<In = unknown> {
  /** How messages are written; default `"structured"`. */
  codec?: CodecName | MessageCodec;
  /** What messages must be (any Standard Schema); what it makes of them is what is received. */
  schema?: StandardSchema<In>;
  /** Messages that are kept until they are received: 1 or more, default 10,000. */
  maxKept?: number;
  /** The same in bytes: 65,536 or more, default 8 MiB. */
  maxKeptBytes?: number;
  /**
   * Called with the number of messages that were dropped, before the next one is given out. What it throws is an
   * uncaught exception: it loses no message.
   */
  onMissed?: (count: number) => void;
  /** `true`: several sockets of this machine may be bound to the address, as receivers of a multicast group are. */
  reuseAddr?: boolean;
  /** `true`: a socket bound to udp://[::]:port takes no IPv4. */
  ipv6Only?: boolean;
  /** `true`: it may send to broadcast addresses, such as udp://255.255.255.255:9999. */
  broadcast?: boolean;
  /** Multicast groups whose messages it receives: addresses such as 239.1.2.3 or ff02::1234. */
  join?: string | readonly string[];
  /** The interface for groups, by its address (IPv4), or as `::%eth0` (IPv6); by default the system chooses. */
  multicastInterface?: string;
  /** Over how many routers messages to groups go: 0 to 255, default 1, this network only. */
  multicastTTL?: number;
  /** `false`: messages to groups do not come back to this machine. Default `true`. */
  multicastLoopback?: boolean;
  /** Bytes that the kernel keeps before this process reads them, and before they leave; it may give less. */
  recvBufferSize?: number;
  sendBufferSize?: number;
}

/**
 * Binds a socket for datagrams to an address of this machine: udp://127.0.0.1:0 picks a port, and `address` says which.
 * udp://0.0.0.0:port takes from everywhere, udp://[::]:port also over IPv6. See {@link UdpSocket} for what is kept and
 * what may be lost.
 *
 * Anybody who can reach the address can send to it, under any sender's address: bytes that the codec refuses cost a
 * CodecError and nothing else, but do not believe `from`.
 *
 * @throws UsageError for what is no udp: URL, and for options that there are not
 * @throws SystemError when the address is taken (EADDRINUSE), not this machine's (EADDRNOTAVAIL) or forbidden (EACCES);
 * when a group cannot be joined (ENODEV)
 * @example
 * await using clock = await bindUdp("udp://127.0.0.1:0");
 * await using asker = await bindUdp("udp://127.0.0.1:0");
 * await asker.send("what time is it?", clock.address);
 * const { value, from } = await clock.recv();
 * await clock.send({ asked: value, at: new Date(0) }, from);
 * console.log((await asker.recv({ timeout: 10_000 })).value);
 */
export async function bindUdp<Out = unknown, In = unknown>(
  url: string,
  options: UdpOptions<In> = {},
): Promise<UdpSocket<Out, In>> {
  const operation = "bindUdp()";
  const wanted = UdpAddress.parse(url, operation);
  const { maxKept = MAX_KEPT, maxKeptBytes = MAX_KEPT_BYTES, schema, onMissed } = options;
  const codec = codecOf(options.codec ?? "structured", operation);
  checkLeast(maxKept, 1, "maxKept", operation);
  checkLeast(maxKeptBytes, LEAST_KEPT_BYTES, "maxKeptBytes", operation);
  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function")
    throw new UsageError(`${operation}: schema is no Standard Schema; allowed: an object with "~standard".validate`);
  const local = await found(wanted, operation, url);
  const family = local.family as 4 | 6;
  const socket = makeSocket(family, options, operation);
  try {
    const listening = once(socket, "listening"); // with an address it is said inside bind()
    socket.bind({ address: local.host, port: local.port, exclusive: true });
    await listening;
    setUp(socket, options, operation);
  } catch (cause) {
    socket.close();
    if (cause instanceof UsageError) throw cause;
    throw networkError(`${operation} of ${url}`, cause, url);
  }
  return new UdpSocket<Out, In>({ socket, family, codec, schema, maxKept, maxKeptBytes, onMissed });
}

function makeSocket(family: 4 | 6, options: UdpOptions, operation: string): Socket {
  for (const name of ["recvBufferSize", "sendBufferSize"] as const)
    if (options[name] !== undefined) checkLeast(options[name], 1, name, operation);
  return createSocket({
    type: family === 4 ? "udp4" : "udp6",
    reuseAddr: options.reuseAddr === true,
    ipv6Only: options.ipv6Only === true,
    // addresses are looked up before: then a datagram is with the kernel when send() returns
    lookup: (address, _options, done) => done(null, address, family),
    ...(options.recvBufferSize === undefined ? {} : { recvBufferSize: options.recvBufferSize }),
    ...(options.sendBufferSize === undefined ? {} : { sendBufferSize: options.sendBufferSize }),
  });
}

function setUp(socket: Socket, options: UdpOptions, operation: string): void {
  const { join = [], multicastInterface, multicastTTL } = options;
  if (options.broadcast === true) socket.setBroadcast(true);
  if (multicastTTL !== undefined) {
    checkIndex(multicastTTL, 255, "multicastTTL", operation);
    socket.setMulticastTTL(multicastTTL);
  }
  if (options.multicastLoopback === false) socket.setMulticastLoopback(false);
  if (multicastInterface !== undefined) socket.setMulticastInterface(multicastInterface);
  for (const group of typeof join === "string" ? [join] : join) socket.addMembership(group, multicastInterface);
}

async function found(address: UdpAddress, operation: string, url: string): Promise<UdpAddress> {
  if (address.family !== 0) return address;
  try {
    return new UdpAddress((await lookup(address.host)).address, address.port);
  } catch (cause) {
    throw networkError(`${operation} of ${url}`, cause, url);
  }
}

function checkLeast(value: number, least: number, what: string, operation: string): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new UsageError(`${operation}: ${what} is ${String(value)}; allowed: ${least.toLocaleString("en")} or more`);
}
