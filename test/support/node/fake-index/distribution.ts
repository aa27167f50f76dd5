import type { Wheel } from "../../../../cli/demo/wheel.ts";

/**
 * A distribution file and what an index may say about it. An sdist has no metadata of its own to offer, and an index need not
 * know the digest of a wheel's.
 */
export interface Distribution extends Omit<Wheel, "metadata" | "metadataSha256"> {
  readonly metadata?: Uint8Array;
  readonly metadataSha256?: string | undefined;
  /** The reason for which the release was yanked (PEP 592). */
  readonly yanked?: string;
  readonly requiresPython?: string;
  /** ISO 8601. */
  readonly uploaded?: string;
}

/** Files were uploaded at this time, where they do not say another. */
export const UPLOADED = "2026-01-02T03:04:05.000006Z";

/** Where a file lies on the host that serves it, as on PyPI: the digest keeps files of equal names apart. */
export function pathOf({ sha256, filename }: Distribution): string {
  return `/packages/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256.slice(4)}/${encodeURIComponent(filename)}`;
}

/** The versions of these files, each once. */
export function versionsOf(files: readonly Distribution[]): string[] {
  return [...new Set(files.map(({ version }) => version))];
}
