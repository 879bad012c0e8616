import { ours } from "./floors.js";
import type { Cell } from "./measure.js";
import { arrayModes, type PythonMeasure, type PythonQuestion, pythonMeasures } from "./python-question.js";

const peers = [
  { name: ours, program: "interproc-python" },
  { name: "Python with Python", program: "python_exchange.py" },
];

const modesOf = (measure: PythonMeasure): readonly string[] =>
  measure === "array" ? arrayModes : measure === "object" ? ["pickle"] : ["bytes", "pickle"];

/** All cells of the python benchmark, in the order of its tables. */
export function pythonCells(seconds: number): Cell<PythonQuestion>[] {
  return (Object.keys(pythonMeasures) as PythonMeasure[]).flatMap((measure) =>
    modesOf(measure).flatMap((mode) =>
      peers.map(
        ({ name, program }): Cell<PythonQuestion> => ({ peer: name, program, question: { measure, mode, seconds } }),
      ),
    ),
  );
}
