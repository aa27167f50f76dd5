import type * as z from "zod/mini";
import { IndexError } from "../../errors.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import { readOptionalBody } from "./request-body.ts";

/** Limit of a JSON body. Bytes. */
const MAX_BODY_BYTES = 1024 ** 2;

/** How many wrong members a sentence names: an array may have thousands. */
const MAX_NAMED = 10;

/**
 * Reads a JSON body and checks it with a schema. An empty body is read as `{}`.
 *
 * @throws `too-large`, and `unprocessable` with a sentence that names the wrong member
 */
export async function readRequestJson<Value>(request: Request, schema: z.ZodMiniType<Value>): Promise<Value> {
  const text = new TextDecoder().decode(await readOptionalBody(request, MAX_BODY_BYTES, "The request"));
  const body = text === "" ? {} : parsedJson(text);
  if (body === undefined) throw unprocessable(NOT_JSON);
  return checkedRequest(body, schema);
}

/** Checks what a request asks for, whether it came as JSON or as a form. Throws `unprocessable`. */
export function checkedRequest<Value>(asked: unknown, schema: z.ZodMiniType<Value>): Value {
  const read = checkMembers(asked, schema);
  if (read.wrong === undefined) return read.data;
  throw unprocessable(`The request cannot be read: ${read.wrong}.`);
}

/**
 * Checks a value with a schema.
 *
 * @returns what the schema makes of it; or in `wrong` which members are wrong and how, as the end of a sentence without its full
 *   stop
 */
export function checkMembers<Value>(
  asked: unknown,
  schema: z.ZodMiniType<Value>,
): { readonly data: Value; readonly wrong?: undefined } | { readonly wrong: string } {
  const parsed = schema.safeParse(asked, { reportInput: true, error: inPlainWords });
  if (parsed.success) return { data: parsed.data };
  const all = [...new Set(parsed.error.issues.flatMap(wrongMember))];
  const more = all.length > MAX_NAMED ? [`${all.length - MAX_NAMED} more are wrong`] : [];
  return { wrong: [...all.slice(0, MAX_NAMED), ...more].join("; ") };
}

/** What a member must be whose schema does not say it itself. */
const inPlainWords: z.core.$ZodErrorMap = (issue) =>
  issue.code === "invalid_type" ? TYPES[issue.expected] : undefined;

const TYPES: Readonly<Record<string, string>> = {
  string: "must be a text",
  number: "must be a number",
  boolean: "must be true or false",
  array: "must be an array",
  object: "must be a JSON object",
  record: "must be a JSON object",
};

function wrongMember(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${JSON.stringify(key)} is not known here`);
  const member = issue.path.join(".");
  if (member === "") return ["it must be a JSON object"];
  return [issue.input === undefined ? `${member} is missing` : `${member} ${issue.message}`];
}

const NOT_JSON = 'The request is not JSON: an object such as {"name": "value"} is expected.';

const unprocessable = (sentence: string) => new IndexError("unprocessable", sentence);
