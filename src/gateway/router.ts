import { Problem } from "./problem.js";
import type { Call, Route, Upgrade } from "./route.js";

interface Place {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly routes: Route[];
}

/** Finds the route of a request, and whether it is allowed. */
export class Router {
  private readonly places: Place[] = [];

  constructor(
    routes: readonly Route[],
    private readonly description: () => unknown,
  ) {
    const byPath = new Map<string, Place>();
    for (const route of routes) {
      const place = byPath.get(route.path) ?? placeOf(route.path);
      byPath.set(route.path, place);
      place.routes.push(route);
    }
    this.places.push(...byPath.values());
  }

  /** @throws Problem 400, 403, 404, 405, and what the route throws */
  async answer(call: Omit<Call, "params">, path: string, checkName: (name: string) => void): Promise<Response> {
    if (path === "/openapi.json") {
      const { method } = call.request;
      if (method !== "GET") throw notAllowed(method, ["GET"]);
      return Response.json(this.description());
    }
    const [route, params] = this.routeOf(call, path, checkName);
    return route.handle({ ...call, params });
  }

  /** The same for a request that wants to be a WebSocket. */
  async upgrade(call: Omit<Call, "params">, path: string, checkName: (name: string) => void): Promise<Upgrade> {
    const [route, params] = this.routeOf(call, path, checkName);
    if (route.upgrade === undefined) throw new Problem(400, "there are no WebSockets at this path");
    return route.upgrade({ ...call, params });
  }

  private routeOf(
    call: Omit<Call, "params">,
    path: string,
    checkName: (name: string) => void,
  ): readonly [Route, Call["params"]] {
    const { method } = call.request;
    const [place, match] = this.find(path);
    const route = place.routes.find((one) => one.method === method);
    if (route === undefined)
      throw notAllowed(
        method,
        place.routes.map((one) => one.method),
      );
    const params = Object.fromEntries(place.names.map((name, index) => [name, decoded(match[index + 1])]));
    const [kind, object] = [path.split("/")[1], place.names[0]];
    if (route.rights.length > 0) {
      const name = params[object];
      if (!route.rights.some((right) => call.visitor.may(right, `${kind}/${name}`)))
        throw new Problem(403, `the token may not ${route.rights.join(" or ")} ${kind}/${name}`);
      checkName(name);
    }
    for (const [name, value] of call.query) {
      const schema = route.query?.[name];
      const allowed = Object.keys(route.query ?? {}).join(", ") || "nothing";
      if (schema === undefined)
        throw new Problem(400, `the query has ${JSON.stringify(name)}; allowed: ${allowed}`, usage);
      if (Array.isArray(schema.enum) && !schema.enum.includes(value))
        throw new Problem(400, `${name} is ${JSON.stringify(value)}; allowed: ${schema.enum.join(", ")}`, usage);
    }
    return [route, params];
  }

  private find(path: string): [Place, RegExpExecArray] {
    for (const place of this.places) {
      const match = place.pattern.exec(path);
      if (match) return [place, match];
    }
    throw new Problem(404, "there is nothing at this path");
  }
}

const usage = { code: "ERR_INTERPROC_USAGE" } as const;

const notAllowed = (method: string, allowed: readonly string[]): Problem =>
  new Problem(405, `the method is ${method}; allowed: ${allowed.join(", ")}`, {
    headers: { allow: allowed.join(", ") },
  });

function placeOf(path: string): Place {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return { pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]{1,400})")}$`), names, routes: [] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(400, "the path is not encoded as it must be", usage);
  }
}
