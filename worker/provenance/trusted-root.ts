import { TrustedRoot as RootMessage } from "@sigstore/protobuf-specs";
import { toTrustMaterial, type TrustMaterial } from "@sigstore/verify";
import { createHash } from "node:crypto";
import { trustedRoot as rootShape, type GivenRoot } from "../../schema/trusted-root.ts";
import { acceptImpliedAlgorithms } from "./core-verify.ts";

/** The certificate authorities and logs by which attestations are verified. */
export interface TrustedRoot {
  /** 16 hex digits: the same keys have the same id. */
  readonly id: string;
  /** When it was taken from where it is published; undefined where that is not said. Milliseconds since the epoch. */
  readonly takenAt: number | undefined;
  /** From when on nothing is verified by it; undefined: never. Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  readonly material: TrustMaterial;
}

/**
 * Reads a trusted root: sigstore's JSON as it is, or with its dates.
 *
 * @throws Error that says what is wrong with it
 */
export function trustedRootOf(given: unknown): TrustedRoot {
  const parsed = rootShape.safeParse(given);
  if (!parsed.success) throw new Error("it is not a trusted root of sigstore");
  const { root, takenAt, expiresAt }: GivenRoot = parsed.data;
  acceptImpliedAlgorithms();
  let material: TrustMaterial;
  try {
    material = toTrustMaterial(RootMessage.fromJSON(root));
  } catch {
    throw new Error("a key or a certificate of it cannot be read");
  }
  return { id: rootId(root), takenAt, expiresAt, material };
}

/** Why nothing can be verified by the root at `now`, a sentence; undefined where it can. */
export function unusable(root: TrustedRoot | undefined, now: number): string | undefined {
  if (!root) return "There is no trusted root, so no provenance is verified.";
  if (root.expiresAt === undefined || now < root.expiresAt) return undefined;
  const day = new Date(root.expiresAt).toISOString().slice(0, 10);
  return `The trusted root has expired on ${day}: no provenance is verified until it is renewed.`;
}

const rootId = (root: unknown) =>
  createHash("sha256")
    .update(new TextEncoder().encode(canonical(root)))
    .digest("hex")
    .slice(0, 16);

/** JSON with the members of each object in one order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}
