// Gives back what comes over the descriptors that its parent named, in the frames and pickles of Python.
import { connect } from "#src/transports/connect.js";

const conn = await connect(`fd:${process.env.INTERPROC_FD}`, { framing: "python" });
if (process.env.ECHO_HELLO) await conn.send({ pid: process.pid });
for await (const value of conn) await conn.send(value);
