/** Files in a spawn's folder, beside its `alive` and the links of handles. */
export const ERRAND_FILE = "errand.json";
export const CONTROL_FILE = "control";
export const ARGUMENTS_FILE = "arguments";

/** In which environment variable a child finds the folder. */
export const SPAWN_VARIABLE = "INTERPROC_SPAWN";
