import type { Connection } from "interproc";
import { everyConnection } from "./connection.js";
import type { ConnectionKind } from "./connection-kind.js";
import { meeting } from "./meeting.js";
import { everySharedConnection } from "./shared-connection.js";

const plain = meeting({ name: "shm", url: "shm:NAME" });
everyConnection(plain);
everySharedConnection(plain as ConnectionKind<Connection>);
everyConnection(
  meeting({
    name: "shm with JSON and an authkey",
    url: "shm:NAME",
    options: { codec: "json", authkey: "k" },
    codec: "json",
  }),
);
everyConnection(meeting({ name: "shm with pickle", url: "shm:NAME", options: { codec: "pickle" }, codec: "pickle" }));
