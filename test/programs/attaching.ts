// A program that was not spawned: it takes the string of an end, sends who it is and ends.
import { attach, type Connection } from "interproc";

const connection = attach<Connection<string, string>>(process.argv[2]);
await connection.send(`attached by ${process.pid}`);
console.log(`got ${await connection.recv()}`);
