import * as z from "zod/mini";

/** The regions in which Cloudflare can be asked to have a store. */
const LOCATIONS = ["wnam", "enam", "weur", "eeur", "apac", "oc"] as const;

/** Queues have at most 63 characters, and the longest end of a name is `-refreshes-dead`. */
const MAX_NAME = 48;

const HOSTNAME = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

const MUST_BE_NAME = `must be 2 to ${MAX_NAME} lower-case letters, digits and "-", a letter first and no "-" last`;
const MUST_BE_HOST = "must be a host name such as pypi.example.com";

/** What `pypi-edge.toml` says of a deployment, beside `[vars]`. All of it may be left out. */
export const ownDeployment = z.strictObject({
  name: z.optional(
    z.string(MUST_BE_NAME).check(z.regex(new RegExp(`^[a-z](?:[a-z0-9-]{0,${MAX_NAME - 2}}[a-z0-9])$`), MUST_BE_NAME)),
  ),
  location: z.optional(z.enum(LOCATIONS, `must be one of ${LOCATIONS.join(", ")}`)),
  domain: z.optional(z.string(MUST_BE_HOST).check(z.regex(HOSTNAME, MUST_BE_HOST))),
  plan: z.optional(z.enum(["free", "paid"], 'must be "free" or "paid"')),
  vars: z.optional(z.unknown()),
});

export type OwnDeployment = z.infer<typeof ownDeployment>;

/** What each key means, in Markdown; docs/configuration.md is made from it. */
export const OWN_MEANINGS: Readonly<Record<keyof OwnDeployment, string>> = {
  name: "The worker's name. What it stores in is named after it (`NAME-files`, `NAME-fills`), so that several deployments stand in one account.",
  location:
    "Where the bucket and the database are made: `wnam`, `enam`, `weur`, `eeur`, `apac` or `oc`. Neither can be moved later. Left out: near to where the command runs.",
  domain:
    "The host name that clients use. Its zone must be in the account. Left out: `NAME.YOUR-SUBDOMAIN.workers.dev`.",
  plan: '`"free"`: with the values that Cloudflare\'s free plan has room for ([plans](deploy.md#plans)), but for those that `[vars]` gives.',
  vars: "The variables below.",
};
