// Prints the machine's clock between two looks at the kernel's.
import { machineNow } from "#src/primitives/map/machine-now.js";

const kernelNow = (): number => Number(process.hrtime.bigint()) / 1e6;
const times = [kernelNow(), machineNow(), kernelNow()];
console.log(JSON.stringify(times));
