import { everyConnection } from "./connection.js";
import { meeting } from "./meeting.js";

everyConnection(meeting({ name: "unix", url: "unix:FOLDER/s" }));
everyConnection(meeting({ name: "tcp", url: "tcp://127.0.0.1:0" }));
everyConnection(
  meeting({ name: "tcp over IPv6 with an authkey", url: "tcp://[::1]:0", options: { authkey: "secret" } }),
);
everyConnection(
  meeting({ name: "tcp with JSON", url: "tcp://localhost:0", options: { codec: "json" }, codec: "json" }),
);
