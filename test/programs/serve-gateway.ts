import { serveGateway } from "interproc";

// prints its url, and serves until SIGTERM; the argument is what serveGateway takes, as JSON
const server = await serveGateway(JSON.parse(process.argv[2] ?? "{}"));
console.log(server.url);
process.once("SIGTERM", () => void server.close());
