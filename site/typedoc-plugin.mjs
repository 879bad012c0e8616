import { Converter, ReflectionKind } from "typedoc";

/** What no user calls: members under symbols that the package keeps to itself. */
const own = new Set(["[HANDLE]", "[READY]", "[DESCRIPTOR]"]);

/**
 * Leaves such members out, and what classes have them for; calls each entry what a program imports it by; names parameters
 * that are taken apart where they stand.
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.ClassOrInterface))
      for (const child of [...(reflection.children ?? [])]) if (own.has(child.name)) project.removeReflection(child);
    for (const entry of project.getChildrenByKind(ReflectionKind.Module))
      entry.name = entry.name === "index" ? "interproc" : `interproc/${entry.name}`;
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name === "__namedParameters")
        parameter.name = parameter.flags.isRest ? "argumentsAndOptions" : "options";
  });
}
