import type * as z from "zod/mini";
import { IndexError } from "../../errors.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import { readOptionalBody } from "./request-body.ts";

/** Limit of a JSON body. Bytes. */
const MAX_BODY_BYTES = 1024 ** 2;

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
  const parsed = schema.safeParse(asked, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw unprocessable(`The request cannot be read: ${wrongMembers(parsed.error)}.`);
}

/**
 * Says which members of a JSON body are wrong, and how, as the end of a sentence without its full stop.
 *
 * @param error of a schema that was given `reportInput`, so that missing members are told from wrong ones
 */
export const wrongMembers = (error: z.core.$ZodError): string => error.issues.flatMap(wrongMember).join("; ");

function wrongMember(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${JSON.stringify(key)} is not known here`);
  const member = issue.path.join(".");
  if (member === "") return ["it must be a JSON object"];
  return [issue.input === undefined ? `${member} is missing` : `${member} ${issue.message}`];
}

const NOT_JSON = 'The request is not JSON: an object such as {"name": "value"} is expected.';

const unprocessable = (sentence: string) => new IndexError("unprocessable", sentence);
