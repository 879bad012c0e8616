import { checkFloors, type Demand, type Floor, ours } from "./floors.js";
import type { Measured } from "./measure.js";
import { speed } from "./pipe-floors.js";
import { type PythonMeasure, type PythonQuestion, pythonMeasures } from "./python-question.js";

const trips = (Object.keys(pythonMeasures) as PythonMeasure[]).filter((measure) => measure !== "array");

const demands: readonly Demand<PythonQuestion>[] = trips.map((measure) => {
  return {
    floor: `${pythonMeasures[measure]}: no slower than Python with Python`,
    wanted: 1,
    concerns: (question) => question.measure === measure,
    modes: ["bytes", "pickle"],
    peer: "Python with Python",
  };
});

const pickled = "the same, pickled bytes";

/** States every floor with the ratio of this run. */
export function pythonFloors(measured: readonly Measured<PythonQuestion>[]): Floor[] {
  // ours is compared with ours: what is pickled stands for a peer
  const arrays = measured
    .filter(({ peer, question }) => peer === ours && question.measure === "array")
    .map((row) => (row.question.mode === "pickled bytes" ? { ...row, peer: pickled } : row));
  const memory: Demand<PythonQuestion> = {
    floor: "10 MiB through SharedMemory: 20 x pickled bytes",
    wanted: 20,
    concerns: () => true,
    modes: ["shared memory"],
    peer: pickled,
  };
  return [...checkFloors(demands, measured, speed), ...checkFloors([memory], arrays, speed)];
}
