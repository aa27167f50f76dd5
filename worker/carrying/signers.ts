import { signerOf, type CarriedKey } from "../../schema/carried-keys.ts";
import { IndexError } from "../errors.ts";
import type { CarriedStep } from "./ports.ts";

/** The keys of a source, which decide whose steps it takes. */
export interface Signers {
  /**
   * The key that has signed a manifest. Nothing of the manifest is looked at.
   *
   * @throws IndexError `unprocessable` where none of those that count has, also where one that is retired has
   */
  demandSigned(manifest: Uint8Array, signature: string): Promise<CarriedKey>;
  /**
   * Throws `not-next` where the key of a step that is under way does not count any more, or is not known: keys may have changed
   * since it was begun.
   */
  demandCounts(step: CarriedStep): void;
}

/**
 * The keys of the configuration. A new key comes from there alone, never with a step: whoever has stolen a key could otherwise bring in
 * another one, which would outlast the stolen key's retirement.
 *
 * @param source its name, for messages
 */
export function createSigners(source: string, keys: readonly CarriedKey[]): Signers {
  const counting = keys.filter(({ isRetired }) => !isRetired);
  const names = counting.map(({ name }) => name).join(", ");
  const retired = ({ name }: CarriedKey) =>
    `${name}, a key that the source ${source} has retired. Have it exported anew, signed by a key that counts: ${names}.`;

  return {
    async demandSigned(manifest, signature) {
      const signer = await signerOf(
        manifest,
        signature,
        keys.map(({ key }) => key),
      );
      const known = keys.find(({ key }) => key === signer);
      if (known && !known.isRetired) return known;
      throw new IndexError(
        "unprocessable",
        known
          ? `The manifest is signed by ${retired(known)}`
          : `The manifest is not signed by a key of the source ${source} (${names}): it was changed, or comes from somewhere else.`,
      );
    },

    demandCounts({ sequence, signedBy }) {
      if (counting.some(({ key }) => key === signedBy)) return;
      const known = keys.find(({ key }) => key === signedBy);
      throw new IndexError(
        "not-next",
        known
          ? `Step ${sequence} was begun with a manifest that is signed by ${retired(known)}`
          : `Step ${sequence} was begun with a manifest whose key is none of the source ${source} (${names}) now: send the manifest again.`,
      );
    },
  };
}
