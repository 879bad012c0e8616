/** How a topic's messages come over a WebSocket: as JSON, which is also meant without a word; or as `topicFrame` has them. */
export const topicProtocols = ["interproc.topic.json", "interproc.topic.frames"] as const;
