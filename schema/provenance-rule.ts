import * as z from "zod/mini";
import { PUBLISHER_KINDS } from "../worker/pypi/publisher.ts";
import { pattern, patterns } from "./patterns.ts";

const ids = z.string("must be a text").check(z.regex(/^\d{1,20}$/, "must be digits: the id, as text"));
const text = z.string("must be a text").check(z.minLength(1, "must not be empty"));

/** Who must have built a project. */
const publisher = z.strictObject({
  project: pattern,
  kind: z.enum(PUBLISHER_KINDS, `must be one of ${PUBLISHER_KINDS.map((kind) => `"${kind}"`).join(", ")}`),
  repository: z.optional(text),
  workflow: z.optional(text),
  account: z.optional(text),
  repository_id: z.optional(ids),
  owner_id: z.optional(ids),
});

/** The key `provenance` of a policy. */
export const provenanceRule = z.pipe(
  z.union(
    [
      z.enum(["regressed", "require"]),
      z.strictObject({
        require: z.optional(patterns),
        regressed: z._default(z.boolean(), false),
        publishers: z.optional(z.array(publisher).check(z.minLength(1, "must have a publisher, or be left out"))),
      }),
    ],
    'must be "regressed", "require", or a table: { require = ["acme-*"], regressed = true, publishers = [{ project = "demo", kind = "GitHub", repository = "acme/demo" }] }',
  ),
  z.transform((it) => {
    if (it === "regressed") return { require: [], regressed: true, publishers: [] };
    if (it === "require") return { require: ["*"], regressed: false, publishers: [] };
    const publishers = (it.publishers ?? []).map(({ repository_id: repositoryId, owner_id: ownerId, ...rest }) => ({
      ...rest,
      repositoryId,
      ownerId,
    }));
    return { require: it.require ?? [], regressed: it.regressed, publishers };
  }),
);

export type ProvenanceRuleConfig = z.infer<typeof provenanceRule>;
