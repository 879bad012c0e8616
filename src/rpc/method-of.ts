/** What a call's target is called: a method's path with dots. */
export function methodOf(target: string | readonly string[] | number): string {
  if (typeof target === "number") return "a callback";
  return typeof target === "string" ? target : target.join(".");
}
