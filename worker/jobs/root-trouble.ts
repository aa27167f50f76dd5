import { DAY } from "../duration.ts";
import { counted } from "../pypi/counted.ts";
import type { VerifiedSource } from "../repository/ports/provenance.ts";

/** What is wrong with the trusted root that rules go by, or will soon be. */
export interface RootTrouble {
  readonly sentence: string;
  /** Whether nothing can be verified now; else the root ends soon. */
  readonly isFault: boolean;
  /** Milliseconds since the epoch; undefined where there is no root. */
  readonly expiresAt: number | undefined;
}

/** So long before a root ends it is said. Milliseconds. */
const EARLY = 30 * DAY;

type Sources = ReadonlyMap<string, { readonly verified?: VerifiedSource | undefined }>;

/**
 * When the trusted root ends that the rules on provenance go by, in milliseconds since the epoch; undefined where no rule asks for
 * provenance, or the root has no end. Where the database does not answer, that of the root which is known.
 */
export async function rootExpiry(sources: Sources): Promise<number | undefined> {
  return (await currentVerifier(sources))?.expiresAt();
}

/** Says what is wrong with the trusted root at `now`; undefined where nothing is, or no rule asks for provenance. Never rejects. */
export async function rootTrouble(sources: Sources, now: number): Promise<RootTrouble | undefined> {
  const verifier = await currentVerifier(sources);
  if (!verifier) return undefined;
  const expiresAt = verifier.expiresAt();
  const trouble = verifier.unusable(now);
  if (trouble !== undefined) return { sentence: trouble, isFault: true, expiresAt };
  if (expiresAt === undefined || expiresAt - now > EARLY) return undefined;
  const day = new Date(expiresAt).toISOString().slice(0, 10);
  const left = counted(Math.ceil((expiresAt - now) / DAY), "day");
  return {
    sentence: `The trusted root verifies until ${day}, for ${left} more: renew it before then, with pypi-edge trusted-root update, or in TRUSTED_ROOT where that has it.`,
    isFault: false,
    expiresAt,
  };
}

/** One verifier serves all sources that rules ask of. */
async function currentVerifier(sources: Sources) {
  const verifier = [...sources.values()].find(({ verified }) => verified)?.verified?.verifier;
  await verifier?.refresh().catch(() => undefined);
  return verifier;
}
