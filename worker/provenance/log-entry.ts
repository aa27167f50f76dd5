import { loggedBodies, type Attestation } from "../../schema/provenance.ts";

type Entry = Attestation["verification_material"]["transparency_entries"][number];

/**
 * Whether a proof says what the log's signed note says, and the note is as logs write it. The library reads the note alone:
 * what else were written would have no effect, and the same attestation would have many forms. A log that promises nothing
 * (Rekor 2) signs no index but that of the proof.
 */
export function isWholeProof({ logIndex, inclusionPromise, inclusionProof }: Entry): boolean {
  const { rootHash, treeSize, checkpoint } = inclusionProof;
  const [origin = "", size, root, ...rest] = checkpoint.envelope.split("\n");
  const signatures = rest.slice(rest.indexOf("") + 1, -1);
  const isOfOrigin = (line: string) => {
    const [, name = "", signature = ""] = NOTE_SIGNATURE.exec(line) ?? [];
    return (origin === name || origin.startsWith(`${name} `)) && btoa(atob(signature)) === signature;
  };
  return (
    (Boolean(inclusionPromise) || logIndex === inclusionProof.logIndex) &&
    size === treeSize &&
    root === rootHash &&
    rest.includes("") &&
    rest.at(-1) === "" &&
    signatures.some(isOfOrigin) &&
    signatures.every((line) => NOTE_SIGNATURE.test(line))
  );
}

const NOTE_SIGNATURE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/**
 * The certificate that an entry of a log has beside the signature, in base64 of its DER; undefined where it has none, or is of a
 * kind that no attestation has. The library does not look at it: who owns a key could enter a signature under a certificate of
 * their own, where those who watch the log for theirs would not find it.
 */
export function certificateIn({ kindVersion: { kind, version }, canonicalizedBody }: Entry): string | undefined {
  let body: unknown;
  try {
    body = JSON.parse(atob(canonicalizedBody));
  } catch {
    return undefined;
  }
  switch (`${kind} ${version}`) {
    case "dsse 0.0.1":
      return certificateOfPem(loggedBodies["dsse 0.0.1"].safeParse(body).data?.spec.signatures[0]?.verifier);
    case "dsse 0.0.2":
      return rawBytesOf(loggedBodies["dsse 0.0.2"].safeParse(body).data?.spec.dsseV002.signatures[0]);
    case "hashedrekord 0.0.2":
      return rawBytesOf(loggedBodies["hashedrekord 0.0.2"].safeParse(body).data?.spec.hashedRekordV002.signature);
    default:
      return undefined;
  }
}

const rawBytesOf = (
  signature: { readonly verifier: { readonly x509Certificate: { readonly rawBytes: string } } } | undefined,
) => signature?.verifier.x509Certificate.rawBytes;

/** @param base64 of a PEM file */
const certificateOfPem = (base64: string | undefined) =>
  base64 === undefined ? undefined : atob(base64).replaceAll(/-----[A-Z ]+-----|\n/g, "");
