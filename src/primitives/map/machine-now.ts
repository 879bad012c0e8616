/** Milliseconds since boot, the same for all processes of a machine. */
const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const machineNow = (): number => performance.now() + offset;
