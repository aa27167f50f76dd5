/** A JSON Schema, as far as the API's description uses it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The keywords that are looked at; any other one is an error, so that nothing of a schema is passed over. */
const KEYWORDS: Readonly<Record<string, (said: never, value: unknown, at: string) => string[]>> = {
  type: (said: string | string[], value, at) =>
    [said].flat().some((type) => isOf(type, value)) ? [] : [`${at} is no ${[said].flat().join(" or ")}`],
  enum: (said: unknown[], value, at) => (said.includes(value) ? [] : [`${at} is none of ${JSON.stringify(said)}`]),
  const: (said: unknown, value, at) => (said === value ? [] : [`${at} is not ${JSON.stringify(said)}`]),
  pattern: (said: string, value, at) =>
    typeof value !== "string" || new RegExp(said, "u").test(value) ? [] : [`${at} is not like ${said}`],
  maxLength: (said: number, value, at) =>
    typeof value !== "string" || value.length <= said ? [] : [`${at} is longer than ${said}`],
  minLength: (said: number, value, at) =>
    typeof value !== "string" || value.length >= said ? [] : [`${at} is shorter than ${said}`],
  minimum: (said: number, value, at) => (typeof value !== "number" || value >= said ? [] : [`${at} is below ${said}`]),
  maximum: (said: number, value, at) => (typeof value !== "number" || value <= said ? [] : [`${at} is above ${said}`]),
  exclusiveMinimum: (said: number, value, at) =>
    typeof value !== "number" || value > said ? [] : [`${at} is not above ${said}`],
  minItems: (said: number, value, at) =>
    !Array.isArray(value) || value.length >= said ? [] : [`${at} has fewer than ${said}`],
  maxItems: (said: number, value, at) =>
    !Array.isArray(value) || value.length <= said ? [] : [`${at} has more than ${said}`],
  required: (said: string[], value, at) =>
    isObject(value) ? said.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`) : [],
  default: () => [],
};

/**
 * Says where a value is not as a schema has it. Stricter than JSON Schema in one thing: an object has no members beside those that are
 * described, unless the schema says what others are.
 *
 * @param root what references begin at
 */
export function misfits(schema: JsonSchema, value: unknown, root: JsonSchema, at = "it"): string[] {
  return Object.entries(schema).flatMap(([keyword, said]): string[] => {
    switch (keyword) {
      case "$ref":
        return misfits(referred(String(said), root), value, root, at);
      case "allOf":
        return (said as JsonSchema[]).flatMap((each) => misfits(each, value, root, at));
      case "anyOf": {
        const found = (said as JsonSchema[]).map((each) => misfits(each, value, root, at));
        return found.some((each) => each.length === 0) ? [] : [`${at} fits nothing of ${JSON.stringify(found)}`];
      }
      case "items":
        if (!Array.isArray(value)) return [];
        return value.flatMap((each, i) => misfits(said as JsonSchema, each, root, `${at}[${i}]`));
      case "prefixItems":
        if (!Array.isArray(value)) return [];
        return (said as JsonSchema[]).flatMap((each, i) => misfits(each, value[i], root, `${at}[${i}]`));
      case "properties": {
        if (!isObject(value)) return [];
        const known = said as Readonly<Record<string, JsonSchema>>;
        const others = (schema["additionalProperties"] ?? false) as JsonSchema | boolean;
        return Object.entries(value).flatMap(([name, each]) => {
          const described = known[name] ?? (others === true ? {} : others);
          if (described === false) return [`${at}.${name} is not described`];
          return misfits(described, each, root, `${at}.${name}`);
        });
      }
      case "additionalProperties":
        if ("properties" in schema || typeof said === "boolean" || !isObject(value)) return [];
        return Object.entries(value).flatMap(([name, each]) =>
          misfits(said as JsonSchema, each, root, `${at}.${name}`),
        );
      case "propertyNames":
        if (!isObject(value)) return [];
        return Object.keys(value).flatMap((name) => misfits(said as JsonSchema, name, root, `the name ${name}`));
      default: {
        const check = KEYWORDS[keyword];
        if (!check) throw new Error(`the schema has a keyword that is not looked at: ${keyword}`);
        return check(said as never, value, at);
      }
    }
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isOf(type: string, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function referred(reference: string, root: JsonSchema): JsonSchema {
  const steps = reference.replace(/^#\//, "").split("/");
  return steps.reduce<JsonSchema>((within, step) => within[step] as JsonSchema, root);
}
