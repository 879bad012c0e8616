/** What the program of the inspector's benchmark is asked. */
export interface InspectorQuestion {
  objects: number;
  processes: number;
  /** `busy`: one process puts and gets at a tenth of the objects all the time; `idle`: nobody does anything. */
  traffic: "idle" | "busy";
  /** How many pages are open. */
  pages: 0 | 1;
  seconds: number;
}
