import { Converter, ReflectionKind } from "typedoc";

/** What no user calls: members under symbols that the package keeps to itself. */
const own = new Set(["[HANDLE]", "[READY]", "[DESCRIPTOR]"]);

/** Leaves such members out, and what classes have them for. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.ClassOrInterface))
      for (const child of [...(reflection.children ?? [])]) if (own.has(child.name)) project.removeReflection(child);
  });
}
