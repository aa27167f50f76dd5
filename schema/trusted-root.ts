import * as z from "zod/mini";
import { parsedJson } from "../worker/pypi/parsed-json.ts";

const list = z.array(z.looseObject({}));

/** sigstore's `trusted_root.json`. What is in it is read by sigstore's own library. */
const plainRoot = z.looseObject({
  mediaType: z.string().check(z.startsWith("application/vnd.dev.sigstore.trustedroot")),
  tlogs: list.check(z.minLength(1)),
  certificateAuthorities: list.check(z.minLength(1)),
  ctlogs: list.check(z.minLength(1)),
});

const time = z.pipe(
  z.iso.datetime({ offset: true }),
  z.transform((it) => Date.parse(it)),
);

/** A root with the dates that are known of it; those of a plain one are not. Milliseconds since the epoch. */
export const trustedRoot = z.union([
  z.pipe(
    plainRoot,
    z.transform((root) => ({ root: root as object, takenAt: undefined, expiresAt: undefined })),
  ),
  z.object({ root: plainRoot, takenAt: z.optional(time), expiresAt: z.optional(time) }),
]);

export interface GivenRoot {
  readonly root: object;
  readonly takenAt?: number | undefined;
  readonly expiresAt?: number | undefined;
}

const NOT_A_ROOT = "must be a trusted root of sigstore, as JSON, or empty";

/** The text of a trusted root: its JSON; undefined where it is empty. */
export const trustedRootText = z.pipe(
  z.string().check(z.refine((it) => it === "" || trustedRoot.safeParse(parsedJson(it)).success, NOT_A_ROOT)),
  z.transform((it) => (it === "" ? undefined : parsedJson(it))),
);
