// Tells what comes over a descriptor that can only be read, in the frames and pickles of Python, and why nothing can be sent.
import { connect } from "#src/transports/connect.js";

const conn = await connect(`fd:${process.env.INTERPROC_FD}`, { framing: "python" });
const values: unknown[] = [];
for await (const value of conn) values.push(value);
const refused = await conn.send("back").catch((error: Error) => error.name);
console.log(JSON.stringify({ values, refused }));
