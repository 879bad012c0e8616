import { createRequire } from "node:module";
import { NotFoundError } from "../errors.js";

export type Api = typeof import("@opentelemetry/api");

const NAME = "@opentelemetry/api";

/** Loads OpenTelemetry's API, which is not among our own dependencies. @throws NotFoundError that says how to install it */
export function loadApi(operation: string, load: (name: string) => unknown = createRequire(import.meta.url)): Api {
  try {
    return load(NAME) as Api;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    throw new NotFoundError(`${operation}: the package ${NAME} is not installed; npm install ${NAME}@1`, {
      resource: NAME,
      cause,
    });
  }
}
