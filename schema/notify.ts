import * as z from "zod/mini";
import { isPublic } from "../worker/pypi/host.ts";
import { pageAddress } from "./address.ts";

/** What receivers can be told of. */
export const NOTICE_EVENTS = [
  "published",
  "blocked",
  "stored-blocked",
  "changed-upstream",
  "exemption-made",
  "exemption-ended",
  "advisories-stale",
  "root-expiring",
  "fork-outdated",
] as const;

/** Shorter ones can be guessed. Characters. */
const MIN_SECRET = 16;

/** `[[vars.NOTIFY]]`. */
export const receiver = z.strictObject({
  url: pageAddress,
  secret: z.string("must be the name of a secret"),
  events: z.optional(
    z
      .array(z.enum(NOTICE_EVENTS, `must be of ${NOTICE_EVENTS.join(", ")}`))
      .check(z.minLength(1, "must name at least one, or be left out")),
  ),
  private: z.optional(z.boolean()),
});

/** Who is told of events, by a signed POST. */
export interface ReceiverConfig {
  readonly url: URL;
  /** What the requests are signed with. */
  readonly secret: string;
  /** undefined: all. */
  readonly events: ReadonlySet<string> | undefined;
}

/**
 * Resolves the receivers.
 *
 * @param env contains their secrets
 * @param problems collects what is wrong; where there is something, the result must not be used
 */
export function resolveReceivers(
  shapes: readonly z.infer<typeof receiver>[],
  env: Readonly<Record<string, unknown>>,
  problems: string[],
): ReceiverConfig[] {
  const seen = new Set<string>();
  return shapes.map(({ url, secret: name, events, private: isAllowed = false }, at) => {
    const secret = env[name];
    if (!(typeof secret === "string" && secret.length >= MIN_SECRET)) {
      problems.push(
        `NOTIFY.${at}.secret: there is no secret ${name} of at least ${MIN_SECRET} characters. Set it in the environment of pypi-edge deploy or pypi-edge serve`,
      );
    }
    if (!isAllowed && !isPublic(url.hostname)) {
      problems.push(`NOTIFY.${at}.url: is no public address; private = true allows it`);
    }
    if (seen.has(url.href)) problems.push(`NOTIFY.${at}.url: is given twice`);
    seen.add(url.href);
    return { url, secret: typeof secret === "string" ? secret : "", events: events && new Set<string>(events) };
  });
}

/** What a receiver is told: the body of its request. */
const notice = z.object({
  /** The same at each delivery of the same thing. */
  id: z.string(),
  event: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** `*`: of all indexes. */
  index: z.string(),
  /** Empty where it is of no project. */
  project: z.string(),
  subject: z.string(),
  details: z.unknown(),
});

/** A message of the queue `notices`: a notice, and the address of its receiver. */
export const noticeMessage = z.object({ url: z.string(), notice });

export type NoticeMessage = z.infer<typeof noticeMessage>;

/** The answer of `POST /-/api/notify/test`: for each receiver, whether it took the notice, or why not. */
export const noticesTried = z.object({
  receivers: z.array(z.object({ url: z.string(), taken: z.boolean(), reason: z.optional(z.string()) })),
});

export type NoticesTried = z.infer<typeof noticesTried>;
