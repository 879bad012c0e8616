import { posix } from "node:path";
import { filesBelow } from "./source-tree.js";

/** Pages about something that one wants to do; those about one thing that there is are all others. */
const byTask =
  /^(from-.*|choosing|cluster-workers|connections|main-job|python|shutting-down|surviving-a-crash|under-other-runners)$/;

/** The pages of `docs/guide` in two halves, so that two processes can test them. */
export function guidePages(half: "things" | "tasks"): string[] {
  return filesBelow("docs/guide", /\.md$/).filter(
    (page) => byTask.test(posix.basename(page, ".md")) === (half === "tasks"),
  );
}
