import { serveGateway } from "interproc";
import { answer } from "../answer.js";
import { measureLoad } from "../gateway-load.js";
import type { GatewayQuestion } from "../gateway-question.js";

answer<GatewayQuestion>(measureLoad, async () => {
  const server = await serveGateway();
  process.send?.(server.url);
  const end = (): void => void server.close().then(() => process.exit());
  process.once("SIGTERM", end);
  process.once("disconnect", end);
});
