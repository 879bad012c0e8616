import { Converter, ReflectionKind } from "typedoc";
import ts from "typescript";

/** What no user calls: members under symbols that the package keeps to itself. */
const own = new Set(["[HANDLE]", "[READY]", "[DESCRIPTOR]"]);

/** Of `type ManagedDict<K, V> = Managed<ServedDict<K, V>>` the class, whose methods are what a reference has: no export itself. */
function servedClass(symbol, checker) {
  const type = symbol?.declarations?.find(ts.isTypeAliasDeclaration)?.type;
  const [argument] = (type && ts.isTypeReferenceNode(type) && type.typeArguments) || [];
  if (type?.typeName?.getText() !== "Managed" || !argument || !ts.isTypeReferenceNode(argument)) return undefined;
  const found = checker.getSymbolAtLocation(argument.typeName);
  return found && found.flags & ts.SymbolFlags.Class ? found : undefined;
}

/**
 * Leaves such members out, and what classes have them for; calls each entry what a program imports it by; names parameters
 * that are taken apart where they stand.
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kind !== ReflectionKind.TypeAlias || !reflection.parent?.kindOf(ReflectionKind.Module)) return;
    const served = servedClass(context.getSymbolFromReflection(reflection), context.checker);
    if (served) context.converter.convertSymbol(context.withScope(reflection.parent), served);
  });
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
