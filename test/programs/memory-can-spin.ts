// Says whether spinning pays where it runs.
import { canSpin } from "#src/sync/processors.js";

console.log(canSpin);
