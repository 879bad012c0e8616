import { openTopic } from "../brokers/open-topic.js";
import type { Desk } from "./desk.js";
import type { Route } from "./route.js";
import { topicEvents } from "./topic-events.js";

/** Topics: what is published, and streams of it. */
export function topicRoutes(desk: Desk): Route[] {
  const { bodies } = desk;
  const topic = (name: string) => desk.topics.get(name, () => openTopic(desk.topicPrefix + name));
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
        await (await topic(params.topic)).publish(value, { key: query.get("key") ?? "", signal });
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "GET",
      path: "/topics/{topic}",
      name: "subscribe",
      says:
        "A stream of Server-Sent Events: `open` once the subscription is there, then a `message` each, whose data is JSON: " +
        "key, and value or, for bytes, base64; what was missed, when the client is too slow, is counted in `missed`.",
      rights: ["read"],
      query: { pattern: { type: "string", description: "`*` is one word, `#` any number of them; default `#`." } },
      answers: { 200: { says: "The stream.", isStream: true } },
      async handle({ params, query, signal }) {
        const subscription = await (await topic(params.topic)).subscribe(query.get("pattern") ?? "#");
        return new Response(topicEvents(subscription, signal), { headers: { "content-type": "text/event-stream" } });
      },
    },
  ];
}
