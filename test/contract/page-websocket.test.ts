import { after } from "node:test";
import { connect, registerClass } from "interproc/browser";
import { WebSocket } from "ws";
import { everyConnection, registerFragile } from "./connection.js";
import { meeting } from "./meeting.js";

// what a page has; this one's messages cannot be paused either, because nobody knows how to
Object.assign(globalThis, { WebSocket });
registerFragile(registerClass);
after(() => Reflect.deleteProperty(globalThis, "WebSocket"));

everyConnection(meeting({ name: "a page's WebSocket", url: "ws://127.0.0.1:0", connect }));
everyConnection(
  meeting({
    name: "a page's WebSocket with JSON and an authkey",
    url: "ws://127.0.0.1:0/chat",
    options: { codec: "json", authkey: "k" },
    codec: "json",
    connect,
  }),
);
