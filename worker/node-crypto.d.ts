/** What is used of the runtime's own `node:crypto`: the other declarations of Node would hide what Workers lack. */
declare module "node:crypto" {
  export function createHash(algorithm: "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512"): Hash;

  export interface Hash {
    /** @param chunk a text's UTF-8 is hashed */
    update(chunk: Uint8Array | string): Hash;
    digest(encoding: "hex" | "base64url"): string;
    digest(): Uint8Array;
  }

  export interface KeyObject {
    readonly asymmetricKeyType?: string;
  }

  /** Throws where the two have different lengths. */
  export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean;

  const crypto: {
    /** Throws where the key does not go with the algorithm. */
    verify: (algorithm: string | null | undefined, data: Uint8Array, key: KeyObject, signature: Uint8Array) => boolean;
  };
  export default crypto;
}
