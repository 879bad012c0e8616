import type { AsyncSubscription } from "../async-topic.js";
import type { Desk } from "./desk.js";
import { messageBody } from "./message-body.js";
import type { Call, Route } from "./route.js";
import { shownMessage } from "./shown-message.js";
import { topicEvents } from "./topic-events.js";
import { topicFrame } from "./topic-frame.js";
import { topicSocket } from "./topic-socket.js";

/** Topics: what is published, and streams of it. */
export function topicRoutes(desk: Desk): Route[] {
  const { bodies } = desk;
  /** A subscription with a place among the streams, which whoever gets it leaves. */
  const subscribed = async ({ params, query }: Call): Promise<readonly [AsyncSubscription, leave: () => void]> => {
    const leave = desk.streams.take();
    try {
      return [await (await desk.topic(params.topic)).subscribe(query.get("pattern") ?? "#"), leave];
    } catch (error) {
      leave();
      throw error;
    }
  };
  return [
    {
      method: "POST",
      path: "/topics/{topic}",
      name: "publish",
      says: "Publishes the body to all who have subscribed by now.",
      rights: ["write"],
      query: { key: { type: "string", description: "Words with dots between them, which patterns are held against." } },
      body: "value",
      answers: { 204: { says: "It is published." } },
      async handle({ request, params, query, signal }) {
        const { value } = await bodies.readValue(request);
        await (await desk.topic(params.topic)).publish(value, { key: query.get("key") ?? "", signal });
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "GET",
      path: "/topics/{topic}",
      name: "subscribe",
      says:
        "A stream of Server-Sent Events: `open` once the subscription is there, then a `message` each, whose data is JSON: " +
        "key, and value or, for bytes, base64; what was missed, when the client is too slow, is counted in `missed`. With " +
        '`Upgrade: websocket` a WebSocket instead: `{"open":true}`, then a text message with that JSON each.',
      rights: ["read"],
      query: { pattern: { type: "string", description: "`*` is one word, `#` any number of them; default `#`." } },
      answers: { 200: { says: "The stream.", isStream: true } },
      async handle(call) {
        const [subscription, leave] = await subscribed(call);
        const events = topicEvents(subscription, call.signal, leave);
        return new Response(events, { headers: { "content-type": "text/event-stream" } });
      },
      async upgrade(call) {
        const [subscription, leave] = await subscribed(call);
        return {
          opened(socket) {
            const write = socket.protocol === "interproc.topic.frames" ? frame : shownMessage;
            void topicSocket(socket, subscription, write, call.signal).finally(leave);
          },
          failed() {
            leave();
            void subscription.close();
          },
        };
      },
    },
  ];

  function frame(...[message, missed]: Parameters<typeof shownMessage>): Uint8Array {
    let body: ReturnType<typeof messageBody>;
    try {
      body = messageBody(bodies, message);
    } catch {
      // an empty one is none that can be decoded, which is what its reader is to hear
      body = { bytes: new Uint8Array(), contentType: "application/vnd.interproc" };
    }
    return topicFrame(message, missed, body);
  }
}
