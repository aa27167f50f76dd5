import type * as z from "zod/mini";
import { IndexError } from "../../errors.ts";
import { readWhole } from "./body.ts";

/** Nothing that is sent to be written down is larger. Bytes. */
const MAX_BODY = 1024 ** 2;

/**
 * A request's JSON body, as a schema has it; an empty one is read as `{}`.
 *
 * @throws `too-large`, and `unprocessable` with a sentence that names the member that is wrong
 */
export async function readJson<Value>(request: Request, schema: z.ZodMiniType<Value>): Promise<Value> {
  const text = new TextDecoder().decode(await readWhole(request, MAX_BODY, "The request"));
  const parsed = schema.safeParse(text === "" ? {} : parsedJson(text), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw unprocessable(`The request cannot be read: ${parsed.error.issues.flatMap(complaints).join("; ")}.`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unprocessable('The request is no JSON: an object such as {"name": "value"} is expected.');
  }
}

/** What is wrong with which member, from what zod found. */
function complaints(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${JSON.stringify(key)} is not known here`);
  const member = issue.path.join(".");
  if (member === "") return ["it must be a JSON object"];
  return [issue.input === undefined ? `${member} is missing` : `${member} ${issue.message}`];
}

const unprocessable = (sentence: string) => new IndexError("unprocessable", sentence);
