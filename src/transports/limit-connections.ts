import type { Server } from "node:net";
import type { Porter } from "./arrival.js";

/** Closes those who come while a server has as many as it may, also those who have not come through their handshake yet. */
export function limitConnections(server: Server, porter: Porter): void {
  if (porter.most !== Number.POSITIVE_INFINITY) server.maxConnections = porter.most;
  server.on("drop", () => porter.tooMany());
}
