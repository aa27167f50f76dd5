import * as z from "zod/mini";
import { ACCESS } from "./access.ts";
import { CARRYING } from "./carrying.ts";
import { LOCKS } from "./locks.ts";
import type { Content, Operation, Parameter } from "./operation.ts";
import { PACKAGES } from "./packages.ts";
import { RUNNING } from "./running.ts";
import { SCHEMAS } from "./schemas.ts";

/** The API's operations, by what they are about. */
export const OPERATIONS_OF_API = {
  "Tokens, policies, audit log": ACCESS,
  "Packages and uploads": PACKAGES,
  "Locks and policies": LOCKS,
  "Mirrors and jobs": RUNNING,
  "Across an air gap": CARRYING,
} as const satisfies Record<string, readonly Operation[]>;

/** Where operations of an index are as well. */
const SERVERS = {
  indexes: ["/", "/{index}"],
  views: ["/", "/{index}", "/@{view}", "/{index}/@{view}"],
} as const;

const VARIABLES_OF_SERVERS = {
  index: { default: "team", description: "An index other than the default one." },
  view: { default: "age=7d", description: "The restrictions of a view." },
} as const;

/**
 * The API's description as OpenAPI 3.1 has it, made from the schemas that requests and answers are read with. A check that JSON Schema
 * cannot say (that a text is a version) is not in it. Answers may have further members in later versions.
 */
export function describeApi(): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [tag, operations] of Object.entries<readonly Operation[]>(OPERATIONS_OF_API)) {
    for (const operation of operations) {
      const { alsoAt } = operation;
      const path = (paths[operation.path] ??= alsoAt ? { servers: SERVERS[alsoAt].map(serverAt) } : {});
      path[operation.method] = described(operation, tag);
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "pypi-edge",
      version: "1",
      description:
        "The admin API. What changes packages, tokens or lists of policies is answered once every request sees it.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.keys(OPERATIONS_OF_API).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "ADMIN_TOKEN, or a token with the scope." },
      },
      responses: {
        Problem: {
          description:
            "A refusal (RFC 9457), with a sentence in `detail`; only the sentence for a client that does not accept JSON.",
          content: {
            "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
            "text/plain": { schema: { type: "string" } },
          },
        },
      },
      schemas: schemasInJson(),
    },
  };
}

function serverAt(url: string) {
  const variables = Object.fromEntries(
    Object.entries(VARIABLES_OF_SERVERS).filter(([name]) => url.includes(`{${name}}`)),
  );
  return { url, ...(Object.keys(variables).length > 0 && { variables }) };
}

function described({ id, path, what, needs, query = {}, body, answers }: Operation, tag: string) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const parameters = [...inPath, ...Object.entries(query).map(([name, parameter]) => inQuery(name, parameter))];
  return {
    operationId: id,
    tags: [tag],
    description: what,
    security: needs === "none" ? [] : needs === "reader" ? [{}, { token: ["read"] }] : [{ token: [needs] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: typeof body !== "string", content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, content]) => [
          status,
          { description: "Done.", ...(content !== null && { content: contentOf(content) }) },
        ]),
      ),
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

const TYPES_OF_PARAMETERS = {
  text: { type: "string" },
  number: { type: "integer", minimum: 0 },
  switch: { type: "string", enum: ["", "true", "1", "false", "0"] },
} as const satisfies Record<Parameter["type"], object>;

const inQuery = (name: string, { type, what, isRequired }: Parameter) => ({
  name,
  in: "query",
  description: what,
  ...(isRequired && { required: true }),
  ...(type === "switch" && { allowEmptyValue: true }),
  schema: TYPES_OF_PARAMETERS[type],
});

/** Of lines of JSON, the schema is that of a line, as OpenAPI 3.2 has it in `itemSchema`. */
function contentOf(content: Content): Record<string, object> {
  if (typeof content === "string") return { "application/json": { schema: refTo(content) } };
  if (!("linesOf" in content)) return { [content.type]: {} };
  const { linesOf, orAs } = content;
  return { "application/x-ndjson": { schema: refTo(linesOf) }, ...(orAs !== undefined && { [orAs]: {} }) };
}

const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The schemas as JSON Schema, with references to each other. */
function schemasInJson(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries<z.ZodMiniType>(SCHEMAS)) registry.add(schema, { id });
  // What a client sends, and what it may be sent: not what a schema makes of it.
  const { schemas } = z.toJSONSchema(registry, {
    io: "input",
    unrepresentable: "any",
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, id: _name, ...schema }]) => [name, schema]),
  );
}
