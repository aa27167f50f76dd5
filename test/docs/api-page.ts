import { OPERATIONS_OF_API, describeApi } from "../../schema/api/description.ts";
import type { Content, Operation } from "../../schema/api/operation.ts";
import { SCHEMAS } from "../../schema/api/schemas.ts";
import type { JsonSchema } from "../support/json-schema.ts";
import { tableOf } from "./markdown.ts";

/** schema/openapi.json, which the worker serves. */
export const openApiFile = (): string => `${JSON.stringify(describeApi(), null, 2)}\n`;

/** docs/api.md: every operation of the API, and what is sent and answered. */
export function apiPage(): string {
  const { components } = describeApi() as { readonly components: { readonly schemas: Record<string, JsonSchema> } };
  const groups = Object.entries<readonly Operation[]>(OPERATIONS_OF_API).map(
    ([title, operations]) => `## ${title}

${tableOf(["address", "needs", "what", "sent", "answered"], operations.map(rowOf))}`,
  );
  const bodies = Object.keys(SCHEMAS).map((name) => `- \`${name}\`: \`${notationOf(components.schemas[name] ?? {})}\``);
  return `# The admin API

<!-- Made by npm run docs from the schemas. -->

The commands use it, with a token as \`Authorization: Bearer TOKEN\`: the secret \`ADMIN_TOKEN\` of a deployment, or the file \`admin-token\` in the
state directory of \`npm start\`. A token with the scope that an operation needs is enough; "reader": who may read the index, which needs no token where all may.

What changes packages, tokens or lists of policies is answered once every request sees it: on Cloudflare a second after it was written. The answer to a withdrawal (a yank, \`quarantined\`, a deletion) has \`remains\`: a
sentence on where copies may remain. A parameter that is not known is refused. A refusal is problem details (RFC 9457) for a client that accepts JSON, else a sentence.

The same as OpenAPI 3.1, with the schemas in full, is at \`/-/api/openapi.json\` of every server, and in \`schema/openapi.json\`. Answers may have further members in later versions.

What begins with \`{base}\` is there for the default index (\`{base}\` is empty) and below each other one (\`/team\`); with \`{view}\` also in a [view](guard.md#views) of it (\`/team/@age=7d\`).

${groups.join("\n\n")}

## What is sent and answered

\`?\`: may be left out. Times are ISO 8601.

${bodies.join("\n")}
`;
}

function rowOf({ method, path, alsoAt, query = {}, needs, what, body, answers }: Operation): string[] {
  const base = { indexes: "{base}", views: "{base}{view}", none: "" }[alsoAt ?? "none"];
  const names = Object.entries(query).map(([name, { isRequired }]) => (isRequired ? name : `[${name}]`));
  const asked = names.length === 0 ? "" : ` ? ${names.join(" & ")}`;
  const answered = Object.entries(answers).map(([status, content]) => `${status} ${contentText(content)}`.trimEnd());
  return [
    `\`${method.toUpperCase()} ${base}${path}${asked}\``,
    needs === "none" ? "" : needs === "reader" ? needs : `\`${needs}\``,
    what,
    body === undefined ? "" : contentText(body),
    answered.join(", "),
  ];
}

function contentText(content: Content | null): string {
  if (content === null) return "";
  if (typeof content === "string") return `\`${content}\``;
  if ("linesOf" in content) {
    return `lines of \`${content.linesOf}\`${content.orAs === undefined ? "" : `, or \`${content.orAs}\``}`;
  }
  return content.type === "*/*" ? "the file" : `\`${content.type}\``;
}

/** A schema in short: members by name, those that may be left out with a question mark. */
function notationOf(schema: JsonSchema): string {
  const { $ref: ref, anyOf, properties, required = [], type, items, enum: values } = schema;
  if (typeof ref === "string") return ref.replace(/^.*\//, "");
  if (Array.isArray(anyOf)) return anyOf.map((each) => notationOf(each as JsonSchema)).join(" or ");
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" or ");
  if (items !== undefined) return `[${notationOf(items as JsonSchema)}…]`;
  if (properties === undefined) return [(type ?? "any") as string | string[]].flat().join(" or ");
  const members = Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, member]) => `${name}${(required as string[]).includes(name) ? "" : "?"}${inside(member)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** Only what has members is shown: what else a text or a number must be, the description says. */
function inside(schema: JsonSchema): string {
  const notation = notationOf(schema);
  return /[{[A-Z]|"/.test(notation) ? `: ${notation}` : "";
}
