import description from "../../schema/openapi.json" with { type: "json" };
import { misfits, type JsonSchema } from "./json-schema.ts";

interface Described {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: Contents };
  readonly responses: Readonly<Record<string, { readonly content?: Contents }>>;
}

type Contents = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** undefined where it is not known as a text. */
  readonly sent: string | undefined;
  readonly status: number;
  readonly type: string;
  /** undefined where it was not read. */
  readonly got: string | undefined;
}

const PROBLEM = description.components.schemas.Problem;

const PATHS = Object.entries(
  description.paths as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>,
)
  .map(([template, item]) => ({
    like: new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
    // What has no parameter comes first: `/{id}/finish` before `/{id}/{number}`.
    parameters: template.split("{").length,
    item,
    isOfIndexes: "servers" in item,
  }))
  .toSorted((one, other) => one.parameters - other.parameters);

/** Whether a request is for what the description is about. */
export const isOfApi = (path: string): boolean => /^(?:\/[^/?]+){0,2}?\/-\/(?:api|why)(?:[/?]|$)/.test(path);

/**
 * Throws where a request that was accepted, or its answer, is not as the description of the API has it. What a refused request should have
 * been is not looked at, but what it was refused with.
 */
export function requireDescribed(exchange: Exchange): void {
  const faults = faultsOf(exchange);
  if (faults.length === 0) return;
  const { method, path, status } = exchange;
  throw new Error(`${method} ${path} (${status}) is not as schema/openapi.json has it: ${faults.join("; ")}`);
}

/** What of an exchange is not as it is described. */
export function faultsOf({ method, path, sent, status, type, got }: Exchange): string[] {
  if (status >= 400) {
    if (!type.startsWith("application/problem+json") || got === undefined) return [];
    return misfits(PROBLEM, JSON.parse(got), description);
  }
  // To the one spelling of a view's address, where the request is yet to be read.
  if (status >= 300) return [];
  const url = new URL(path, "https://edge.test");
  const [, base = "", own = ""] = /^(.*?)(\/-\/.*)$/.exec(url.pathname) ?? [];
  const place = PATHS.find(
    ({ like, isOfIndexes, item }) => like.test(own) && (base === "" || isOfIndexes) && item[wanted(method)],
  );
  if (!place) return ["there is no such operation"];
  const operation = place.item[wanted(method)] as Described;
  return [
    ...queryFaults(operation, url.searchParams),
    ...(sent === undefined ? [] : bodyFaults(operation.requestBody?.content, sent)),
    ...answerFaults(operation, status, type, got),
  ];
}

const wanted = (method: string) => (method === "HEAD" ? "get" : method.toLowerCase());

function queryFaults({ parameters = [] }: Described, given: URLSearchParams): string[] {
  const known = parameters.filter((parameter) => parameter.in === "query");
  const missing = known.filter(({ name, required }) => required && !given.has(name));
  return [
    ...missing.map(({ name }) => `the parameter ${name} is missing`),
    ...[...given].flatMap(([name, value]) => {
      const found = known.find((parameter) => parameter.name === name);
      if (!found) return [`the parameter ${name} is not described`];
      return misfits(found.schema, found.schema["type"] === "integer" ? Number(value) : value, description, name);
    }),
  ];
}

function bodyFaults(content: Contents | undefined, sent: string): string[] {
  if (!content) return sent === "" ? [] : ["the request has a body"];
  const schema = content["application/json"]?.schema;
  return schema ? misfits(schema, JSON.parse(sent || "{}"), description, "the request") : [];
}

function answerFaults({ responses }: Described, status: number, type: string, got: string | undefined): string[] {
  const answer = responses[status];
  if (!answer) return ["the status is not described"];
  if (!answer.content) return got ? ["the answer has a body"] : [];
  const [media = ""] = type.split(";");
  // The page that a browser gets in the place of an explanation.
  if (media === "text/html") return [];
  const content = answer.content[media];
  if (!content) return [`the answer's type is ${media}`];
  if (!content.schema || !got) return [];
  const { schema } = content;
  const values = media === "application/x-ndjson" ? got.split("\n").filter(Boolean) : [got];
  return values.flatMap((each) => misfits(schema, JSON.parse(each), description, "the answer"));
}
