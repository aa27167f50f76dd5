import type * as z from "zod/mini";

/** The sentence of a schema for a list that is written below a header each. */
export const ARRAY_OF_TABLES = "must be an array of tables";

/** TOML's types as zod calls them. */
const TYPES: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "true or false",
  object: "a table",
  record: "a table",
};

/** What zod says where a schema has no sentence of its own. */
const NO_SENTENCE = "Invalid input";

/**
 * What to say of a setting whose value has another type than it must have: what it must be and, where the value tells what was
 * meant, what to write in its place.
 */
export function wrongTypeText(issue: z.core.$ZodIssueInvalidType): string {
  const advice = ADVICE[issue.expected]?.(issue);
  const demand = hasSentence(issue) ? issue.message : `must be ${TYPES[issue.expected] ?? `a ${issue.expected}`}`;
  return advice === undefined ? demand : `${demand}: write ${advice}`;
}

const hasSentence = ({ message }: z.core.$ZodIssueInvalidType) => message !== NO_SENTENCE;

/** What to write, by the type that is expected; undefined: the value does not tell. */
const ADVICE: Readonly<Record<string, (issue: z.core.$ZodIssueInvalidType) => string | undefined>> = {
  array({ input, message, path }) {
    if (message === ARRAY_OF_TABLES) return headOfEach(path);
    if (typeof input === "string") return JSON.stringify([input]);
    return typeof input === "number" ? "it in brackets" : undefined;
  },
  object: (issue) => (hasSentence(issue) ? undefined : table(issue)),
  record: (issue) => (hasSentence(issue) ? undefined : table(issue)),
  boolean: ({ input }) => (input === "true" || input === "false" ? `${input}, without quotes` : undefined),
  number: ({ input }) =>
    typeof input === "string" && /^-?\d+(?:\.\d+)?$/.test(input) ? `${input}, without quotes` : undefined,
  string(issue) {
    const { input } = issue;
    if (input instanceof Date) return `"${input.toISOString()}", in quotes`;
    if (Array.isArray(input)) return "one, without brackets";
    // A sentence of its own has an example, which may have more than quotes: a unit.
    if (hasSentence(issue)) return undefined;
    return typeof input === "number" || typeof input === "boolean" ? `"${input}", in quotes` : undefined;
  },
};

/** How a table is written at this place. A header leads to no place within an array's member. */
function table({ input, path }: z.core.$ZodIssueInvalidType): string {
  if (typeof path.at(-1) === "number" && path.length === 2) return headOfEach(path.slice(0, 1));
  if (path.some((part) => typeof part === "number")) return "{ NAME = VALUE }";
  const brackets = Array.isArray(input) ? ", with one bracket on each side," : "";
  return `[${headOf(path)}]${brackets} and its settings below it`;
}

const headOfEach = (path: readonly PropertyKey[]) =>
  `[[${headOf(path)}]], with two brackets on each side, and the settings of each below it`;

/** Tables are below `vars`: other files have a sentence of their own for each of theirs. */
const headOf = (path: readonly PropertyKey[]) => ["vars", ...path].join(".");
