import { badRequest } from "../../errors.ts";

/**
 * The parameters of an address, by their names. One that is misspelt would change nothing, without a word, and a job would
 * be run that was to be tried.
 *
 * @throws `bad-request` for one that is not in `names`, or that is given twice
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
 * Whether a parameter switches something on, as it does without a value; one that is not given does not.
 *
 * @throws `bad-request` for a value that is neither yes nor no
 */
export function isOn(name: string, value: string | undefined): boolean {
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
