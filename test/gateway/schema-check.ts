type Schema = Readonly<Record<string, unknown>>;

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;

const known = new Set([
  ...["type", "enum", "required", "properties", "additionalProperties", "items", "minimum", "maximum", "maxItems"],
  ...["maxLength", "description", "contentEncoding"],
]);

/** What is wrong with a value by a JSON Schema, of which it knows what the gateway uses; a sentence each. */
export function schemaCheck(schema: Schema, value: unknown, at = "$"): string[] {
  const unknown = Object.keys(schema).filter((name) => !known.has(name));
  if (unknown.length > 0) return [`${at}: the schema has ${unknown}, which is not checked`];
  const type = typeOf(value);
  const types = [schema.type ?? type].flat();
  if (!types.includes(type) && !(type === "integer" && types.includes("number")))
    return [`${at} is ${type}, not ${types}`];
  const wrong: string[] = [];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) wrong.push(`${at} is none of ${schema.enum}`);
  if (typeof value === "number" && value < ((schema.minimum ?? value) as number)) wrong.push(`${at} is too small`);
  if (typeof value === "number" && value > ((schema.maximum ?? value) as number)) wrong.push(`${at} is too large`);
  if (Array.isArray(value) && schema.items)
    wrong.push(...value.flatMap((one, index) => schemaCheck(schema.items as Schema, one, `${at}[${index}]`)));
  if (type !== "object") return wrong;
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  for (const name of (schema.required ?? []) as string[])
    if (!Object.hasOwn(value as object, name)) wrong.push(`${at}.${name} is missing`);
  for (const [name, one] of Object.entries(value as object)) {
    const rest = schema.additionalProperties;
    if (Object.hasOwn(properties, name)) wrong.push(...schemaCheck(properties[name], one, `${at}.${name}`));
    else if (rest === false) wrong.push(`${at}.${name} is not described`);
    else if (typeof rest === "object") wrong.push(...schemaCheck(rest as Schema, one, `${at}.${name}`));
  }
  return wrong;
}
