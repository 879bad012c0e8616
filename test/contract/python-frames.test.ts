import { everyConnection } from "./connection.js";
import { meeting } from "./meeting.js";

const python = { codec: "pickle", cannotVoid: true } as const;

everyConnection(
  meeting({ name: "Python's frames over unix", url: "unix:FOLDER/s", options: { framing: "python" }, ...python }),
);
everyConnection(
  meeting({
    name: "Python's frames over tcp with an authkey",
    url: "tcp://127.0.0.1:0",
    options: { framing: "python", authkey: "secret" },
    ...python,
  }),
);
everyConnection(
  meeting({ name: "pickle in our own frames", url: "unix:FOLDER/s", options: { codec: "pickle" }, codec: "pickle" }),
);
