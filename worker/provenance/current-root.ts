import { DAY } from "../duration.ts";
import { shippedRoot } from "./shipped-root.ts";
import { trustedRootOf, type TrustedRoot } from "./trusted-root.ts";

/** The TUF repository of sigstore's public services, of which the shipped root is. */
export const PUBLIC_TUF = "https://tuf-repo-cdn.sigstore.dev";

/** For so long after it was taken a stored root verifies: keys change, and one that is never renewed should say so. Milliseconds. */
const LIFETIME = 365 * DAY;

/** A root as it is stored: sigstore's JSON, where it is from, and when it was taken (milliseconds since the epoch). */
interface Stored {
  readonly root: string;
  readonly source: string;
  readonly takenAt: number;
}

/** The root that counts, and where it is from. */
export interface CurrentRoot {
  readonly root: TrustedRoot;
  readonly from: "configuration" | "stored" | "shipped";
}

/** Knows which root counts. */
export interface RootHolder {
  /** The one that counts, as far as was read. */
  current(): CurrentRoot;
  /** Reads what is stored. Rejects as the store does; what was read before then goes on to count. */
  refresh(): Promise<void>;
}

/**
 * The root of the configuration, where it has one; else the one that is stored; else the shipped one, which also counts where it
 * is of the same repository as the stored one, and newer.
 */
export function rootHolder(configured: TrustedRoot | undefined, read: () => Promise<Stored | undefined>): RootHolder {
  let stored: (Stored & { readonly parsed: TrustedRoot | undefined }) | undefined;
  return {
    current() {
      if (configured) return { root: configured, from: "configuration" };
      const { parsed, source, takenAt } = stored ?? {};
      const isNewer = source !== PUBLIC_TUF || (takenAt ?? 0) > (shippedRoot().takenAt ?? 0);
      return parsed && isNewer ? { root: parsed, from: "stored" } : { root: shippedRoot(), from: "shipped" };
    },
    async refresh() {
      if (configured) return;
      const found = await read();
      const isSame = found?.root === stored?.root && found?.takenAt === stored?.takenAt;
      if (!isSame) stored = found && { ...found, parsed: parsedOrNone(found) };
    },
  };
}

/** A root to be stored, read. Throws an Error that says what is wrong with it. */
export const storedRootOf = (root: unknown, takenAt: number): TrustedRoot => {
  const time = (at: number) => new Date(at).toISOString();
  return trustedRootOf({ root, takenAt: time(takenAt), expiresAt: time(takenAt + LIFETIME) });
};

/** It was read before it was stored; a version that cannot read it goes by its own. */
function parsedOrNone({ root, takenAt }: Stored): TrustedRoot | undefined {
  try {
    return storedRootOf(JSON.parse(root), takenAt);
  } catch {
    return undefined;
  }
}
