import { ecdsaSignature } from "./der.ts";

/** A key pair that signs as sigstore's do. */
export interface SigningKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array<ArrayBuffer>;
  readonly details: "PKIX_ECDSA_P256_SHA_256" | "PKIX_ED25519";
  /** SHA-256 of `spki`: what logs are known by. */
  readonly id: Uint8Array<ArrayBuffer>;
  sign(data: Uint8Array): Promise<Uint8Array>;
}

export const sha256 = async (data: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", data));

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export async function ecdsaKey(): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"])) as CryptoKeyPair;
  return keyOf(pair, "PKIX_ECDSA_P256_SHA_256", async (data) =>
    ecdsaSignature(new Uint8Array(await crypto.subtle.sign(ECDSA, pair.privateKey, data))),
  );
}

export async function edwardsKey(): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  return keyOf(
    pair,
    "PKIX_ED25519",
    async (data) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, data)),
  );
}

async function keyOf(
  { publicKey }: CryptoKeyPair,
  details: SigningKey["details"],
  sign: (data: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<SigningKey> {
  const spki = new Uint8Array((await crypto.subtle.exportKey("spki", publicKey)) as ArrayBuffer);
  return { spki, details, id: await sha256(spki), sign: (data) => sign(new Uint8Array(data)) };
}
