import { badRequest } from "../../errors.ts";

/**
 * Reads the query parameters. Unknown ones are refused: a misspelt `dry-run` would otherwise run the job for real.
 *
 * @throws `bad-request` for a parameter that is not in `names`, or is given twice
 */
export function parametersOf<Name extends string>(url: string, names: readonly Name[]): Partial<Record<Name, string>> {
  const given: Partial<Record<Name, string>> = {};
  for (const [key, value] of new URL(url).searchParams) {
    const known = names.find((name) => name === key);
    if (known === undefined) {
      const offered = `there ${names.length === 1 ? "is" : "are"} ${names.join(", ") || "none"}`;
      throw badRequest(`${quoted(key)} is not a parameter of this address; ${offered}.`);
    }
    if (given[known] !== undefined) throw badRequest(`${known} is given twice.`);
    given[known] = value;
  }
  return given;
}

/**
 * Whether a parameter is switched on. Without a value it is; left out it is not.
 *
 * @throws `bad-request` for any value but true, 1, false and 0
 */
export function isSwitchedOn(name: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  const said = SWITCH.get(value);
  if (said !== undefined) return said;
  throw badRequest(`${name} is ${quoted(value)}; it can be true or 1 (as it is without a value), or false or 0.`);
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ["", true],
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

const quoted = (text: string) => JSON.stringify(text.slice(0, 40));
