import { everyConnection } from "./connection.js";
import { meeting } from "./meeting.js";

everyConnection(meeting({ name: "ws", url: "ws://127.0.0.1:0" }));
everyConnection(
  meeting({
    name: "ws with JSON and an authkey",
    url: "ws://127.0.0.1:0/chat",
    options: { codec: "json", authkey: "k" },
    codec: "json",
  }),
);
everyConnection(
  meeting({ name: "ws with pickle", url: "ws://[::1]:0", options: { codec: "pickle" }, codec: "pickle" }),
);
