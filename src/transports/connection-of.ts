import type { Peer } from "../channel.js";
import { AuthenticationError } from "../errors.js";
import { isChallenge, isFailure } from "./challenge.js";
import type { Settings } from "./connection-options.js";
import type { Link } from "./link.js";
import { LinkConnection } from "./link-connection.js";

/** What somebody without a key sees of somebody who has one: it is told as what it is, not as a broken message. */
function refuseChallenge(message: Uint8Array): Error | undefined {
  if (isChallenge(message)) return new AuthenticationError("the other side asks for an authkey, and this one has none");
  if (isFailure(message)) return new AuthenticationError("the other side has an authkey, and this one has none");
  return undefined;
}

/** A connection over a link, as the settings say. */
export function connectionOf<Out, In>(link: Link, peer: Peer, settings: Settings): LinkConnection<Out, In> {
  const { codec, maxMessage, maxWaiting, slowPeerTimeout, key, framingName } = settings;
  const hasFrames = framingName === "length" || framingName === "python";
  return new LinkConnection<Out, In>({
    link,
    codec,
    peer,
    maxMessage,
    maxWaiting,
    slowPeerTimeout,
    ...(hasFrames && !key && { refuseFirst: refuseChallenge }),
  });
}
