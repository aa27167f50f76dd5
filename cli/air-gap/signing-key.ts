import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { carriedKeyText } from "../../schema/carried-keys.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText, writeErrorText } from "../../server/file-errors.ts";

/** The owner's key, with which the manifests of a chain are signed. */
export interface SigningKey {
  /** The public key, as the configuration of the far index has it. */
  readonly publicText: string;
  /** An Ed25519 signature (RFC 8032) in base64. */
  sign(bytes: Uint8Array): string;
}

/**
 * Makes a key and writes it to a new file, which only its owner can read: PKCS#8 in PEM (RFC 5958, RFC 7468).
 *
 * @throws CommandError where the file is there already, or cannot be written
 */
export function makeSigningKey(file: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  try {
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      code === "EEXIST"
        ? `${file} is there already, and no key is ever written over. Name another file.`
        : `${file} cannot be written: ${writeErrorText(error)}.`,
    );
  }
  return signingKey(privateKey);
}

/** Reads a key. Throws a `CommandError` where the file is not an Ed25519 key in PEM. */
export function readSigningKey(file: string): SigningKey {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${fileErrorText(error)}.`);
  }
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // Said below: OpenSSL's own words do not help.
  }
  if (key?.asymmetricKeyType === "ed25519") return signingKey(key);
  throw new CommandError(
    `${file} is not an Ed25519 key in PEM without a passphrase. pypi-edge export --new-key FILE makes one, and so does openssl genpkey -algorithm ed25519.`,
  );
}

function signingKey(key: KeyObject): SigningKey {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    publicText: carriedKeyText(Buffer.from(x, "base64url")),
    sign: (bytes) => sign(null, bytes, key).toString("base64"),
  };
}
