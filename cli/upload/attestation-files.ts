import { existsSync, readFileSync } from "node:fs";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { RefusedUpload } from "./api.ts";

/** What tools that attest call the attestations beside a file, as `demo-1.0.tar.gz.publish.attestation`. */
const KINDS = ["publish", "slsa"];

/**
 * Reads the attestations beside a file.
 *
 * @throws RefusedUpload where there is none, or one cannot be read
 */
export function attestationsBeside(path: string): unknown[] {
  const found = KINDS.map((kind) => `${path}.${kind}.attestation`).filter((each) => existsSync(each));
  if (found.length === 0) {
    throw new RefusedUpload("there is no attestation beside it (FILE.publish.attestation, FILE.slsa.attestation).");
  }
  return found.map((each) => {
    let text: string;
    try {
      text = readFileSync(each, "utf8");
    } catch (error) {
      throw new RefusedUpload(`${each}: ${fileErrorText(error)}.`, { cause: error });
    }
    const attestation = parsedJson(text);
    if (attestation === undefined) throw new RefusedUpload(`${each} is not JSON.`);
    return attestation;
  });
}
