import type { LiveMessage } from "../live-message.js";

/** How the page stands with the command that serves it. */
export type LinkState = "connecting" | "live" | "refused" | "lost";

const RETRY_MS = 1000;

/** Exchanges the token of the url for a session, and follows the live feed; comes back by itself when it was lost. */
export async function openLink(take: (message: LiveMessage) => void, tell: (state: LinkState) => void): Promise<void> {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token !== undefined) {
    history.replaceState(null, "", "/"); // it is not to stay in the address bar
    const answer = await post("/api/session", {}, { Authorization: `Bearer ${token}` });
    if (!answer.ok) return tell("refused");
  }
  follow(take, tell);
}

/** Asks for a change. Gives what the server says of it, or why not. */
export async function change(path: "/api/gc" | "/api/unlink", body: unknown): Promise<string> {
  const answer = await post(path, body);
  const said = (await answer.json()) as { error?: string };
  return answer.ok ? "done" : (said.error ?? `refused (${answer.status})`);
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Interproc": "1", ...headers },
    body: JSON.stringify(body),
  });

function follow(take: (message: LiveMessage) => void, tell: (state: LinkState) => void): void {
  let wasLive = false;
  const socket = new WebSocket(`ws://${location.host}/api/live`);
  socket.onmessage = ({ data }) => {
    wasLive = true;
    tell("live");
    take(JSON.parse(String(data)) as LiveMessage);
  };
  socket.onclose = async () => {
    if (wasLive) tell("lost");
    else {
      const status = await fetch("/api/objects").then(
        (answer) => answer.status,
        () => 0,
      );
      tell(status === 401 ? "refused" : "lost");
      if (status === 401) return;
    }
    setTimeout(() => follow(take, tell), RETRY_MS);
  };
}
