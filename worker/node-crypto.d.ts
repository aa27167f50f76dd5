/** What is used of the runtime's own `node:crypto`: the other declarations of Node would hide what Workers lack. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha224"): {
    update(chunk: Uint8Array): void;
    digest(): Uint8Array;
  };
}
