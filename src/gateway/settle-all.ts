import type { HeldMessages } from "./held-messages.js";
import { Problem } from "./problem.js";

/**
 * Settles what a body's `receipts` name, as its `how` says; gives how many were not held any more. Those that are given back
 * stand in front in their order.
 *
 * @throws Problem 422
 */
export async function settleAll(
  body: Readonly<Record<string, unknown>>,
  open: () => Promise<{ readonly held: HeldMessages }>,
): Promise<number> {
  const { receipts, how } = body;
  const isHow = how === "ack" || how === "requeue" || how === "reject";
  if (!isHow || !Array.isArray(receipts) || receipts.some((one) => typeof one !== "string"))
    throw new Problem(422, "the body has no receipts, or how is none of ack, requeue, reject");
  const { held } = await open();
  let lost = 0;
  // the later ones first, so that in the end all stand in front in their order
  for (const receipt of how === "ack" ? receipts : receipts.reverse())
    if (!(await held.settle(receipt as string, how))) lost++;
  return lost;
}
