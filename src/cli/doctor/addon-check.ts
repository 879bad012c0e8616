import { addon, addonPath } from "../../native/addon.js";
import { type Finding, fail, ok } from "./finding.js";

/** Whether the binary for this platform is there and loads. */
export function addonCheck(): Finding {
  try {
    addon();
    return ok("addon", addonPath());
  } catch (error) {
    const advice =
      "in a clone of the repository: npm run build; an installed package has binaries for the platforms in its README";
    return fail("addon", (error as Error).message, advice);
  }
}
