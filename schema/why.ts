import { minute } from "../worker/pypi/minute.ts";
import * as z from "zod/mini";
import { shownAdvisory } from "./held-fix.ts";

const rule = z.object({
  rule: z.string(),
  mode: z.enum(["audit", "warn", "enforce"]),
  index: z.string(),
  sentence: z.string(),
  until: z.optional(z.string()),
  /** What lets the file through although the rule applies. */
  exempted: z.optional(
    z.object({
      by: z.enum(["allow", "exemption"]),
      text: z.string(),
      id: z.optional(z.string()),
      reason: z.optional(z.string()),
      until: z.optional(z.string()),
    }),
  ),
  advisory: z.optional(shownAdvisory),
});

/** What came of a file's provenance; left out where it has none. */
const shownProvenance = z.object({
  state: z.enum(["verified", "refused", "undecided"]),
  publisher: z.optional(
    z.object({
      kind: z.string(),
      repository: z.optional(z.string()),
      workflow: z.optional(z.string()),
      account: z.optional(z.string()),
      repositoryId: z.optional(z.string()),
      ownerId: z.optional(z.string()),
    }),
  ),
  /** `publisher` in a line. */
  label: z.optional(z.string()),
  /** Where people look at the repository. */
  url: z.optional(z.string()),
  reason: z.optional(z.string()),
  /** Of a verified one: the commit that was built, with its address, and its branch or tag. */
  commit: z.optional(z.string()),
  commitUrl: z.optional(z.string()),
  ref: z.optional(z.string()),
  /** The address of the CI service's job. */
  run: z.optional(z.string()),
  /** When the transparency log took it, and its place there. */
  signed: z.optional(z.string()),
  logIndex: z.optional(z.string()),
});

/** What the policy of an index says of the files of a project; times are ISO 8601. */
export const explanation = z.object({
  index: z.string(),
  project: z.string(),
  version: z.optional(z.string()),
  files: z.array(
    z.object({
      filename: z.string(),
      version: z.optional(z.string()),
      hosted: z.boolean(),
      uploadTime: z.optional(z.string()),
      upstream: z.optional(z.enum(["removed", "changed"])),
      verdict: z.enum(["admitted", "marked", "refused"]),
      provenance: z.optional(shownProvenance),
      rules: z.array(rule),
      /** Left out where there is none. */
      undecided: z.optional(z.array(shownAdvisory)),
      /** A held file is not affected by these, and the newest version that is admitted is. */
      fixes: z.optional(z.object({ newest: z.string(), advisories: z.array(shownAdvisory) })),
    }),
  ),
});

export type ExplanationAnswer = z.infer<typeof explanation>;

/** What a person reads of an entry of `allow`, or of an exemption. */
export function exemptionSentence({
  by,
  text,
  id,
  reason,
  until,
}: NonNullable<z.infer<typeof rule>["exempted"]>): string {
  const what = by === "allow" ? `It is allowed as ${text}` : `It is exempted as ${text}`;
  const end = until === undefined ? "" : ` until ${minute(until)} UTC`;
  return `${what}${end}${id === undefined ? "" : ` by entry ${id}`}${reason === undefined ? "" : `: ${reason}`}.`;
}

/** What is said of advisories of which it cannot be told whether they affect a file. */
export const undecidedSentence = (advisories: NonNullable<ExplanationAnswer["files"][number]["undecided"]>) =>
  `Whether ${advisories.map(({ id }) => id).join(", ")} affects it cannot be told: a version is not of PEP 440.`;

/** What a person reads of a file's provenance. Only what is verified names a publisher. */
export function provenanceSentence({ state, label, reason }: z.infer<typeof shownProvenance>): string {
  if (state === "verified") return `It is proven to be by ${label ?? "its publisher"}.`;
  return state === "refused" ? `Its provenance is not valid: ${reason ?? ""}` : "Its provenance was not verified.";
}
