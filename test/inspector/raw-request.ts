import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request exactly as it is written here, as no HTTP client would, and gives what comes back. */
export function rawRequest(port: number, lines: readonly string[], body = ""): Promise<RawAnswer> {
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    // a socket that was upgraded stays open
    if (text.startsWith("HTTP/1.1 101")) socket.destroy();
  });
  socket.on("error", () => undefined);
  const connection = lines.some((line) => line.startsWith("Upgrade:")) ? "Upgrade" : "close";
  socket.write(
    `${[...lines, `Connection: ${connection}`, ...(body ? [`Content-Length: ${body.length}`] : [])].join("\r\n")}\r\n\r\n${body}`,
  );
  return new Promise((resolve) =>
    socket.once("close", () => {
      const [head, ...rest] = text.split("\r\n\r\n");
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") });
    }),
  );
}
