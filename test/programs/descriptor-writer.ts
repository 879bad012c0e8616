// Sends some values over a descriptor that can only be written, in the frames and pickles of Python.
import { connect } from "#src/transports/connect.js";

const conn = await connect(`fd:${process.env.INTERPROC_FD}`, { framing: "python" });
await conn.sendMany([1, "two", { three: [3] }, new Uint8Array(200_000)]);
conn.close();
