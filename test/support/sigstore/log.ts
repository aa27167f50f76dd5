import { joinedBytes } from "./der.ts";
import { sha256, type SigningKey } from "./keys.ts";
import { base64, hex, utf8Bytes } from "./text.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An entry of the log as bundles and attestations have it. */
export interface LogEntry {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly integratedTime?: string;
  readonly inclusionPromise?: { readonly signedEntryTimestamp: string };
  readonly inclusionProof: {
    readonly logIndex: string;
    readonly rootHash: string;
    readonly treeSize: string;
    readonly hashes: readonly string[];
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: string;
}

/** What is entered: a statement in its envelope. */
export interface Entered {
  readonly statement: Bytes;
  readonly signature: Uint8Array;
  /** DER. */
  readonly certificate: Bytes;
}

/** Where in its tree each entry is: a tree is made for each. */
const PLACE = "1";

export const LOG_HOST = "log.sigstore.test";

/** A transparency log: Rekor, or the second version of it, which promises nothing and gives no time. */
export class TestLog {
  readonly version: 1 | 2;
  readonly #key: SigningKey;
  readonly #id: Bytes;
  #entries = 0;

  private constructor(version: 1 | 2, key: SigningKey, id: Bytes) {
    [this.version, this.#key, this.#id] = [version, key, id];
  }

  static async make(version: 1 | 2, key: SigningKey): Promise<TestLog> {
    return new TestLog(version, key, version === 1 ? key.id : await noteKeyId(key));
  }

  /** As a trusted root has it. */
  describe(start: string): object {
    const { spki, details } = this.#key;
    return {
      baseUrl: `https://${LOG_HOST}`,
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: base64(spki), keyDetails: details, validFor: { start } },
      logId: { keyId: base64(this.#id) },
    };
  }

  async enter(entered: Entered, at: number): Promise<LogEntry> {
    const index = (this.#entries += 1);
    const body = utf8Bytes(JSON.stringify(await (this.version === 1 ? firstBody(entered) : secondBody(entered))));
    return {
      logIndex: this.version === 1 ? `${index}` : PLACE,
      logId: { keyId: base64(this.#id) },
      kindVersion: { kind: "dsse", version: this.version === 1 ? "0.0.1" : "0.0.2" },
      ...(this.version === 1 && (await this.#promised(body, index, Math.floor(at / 1_000)))),
      inclusionProof: await this.#proof(body),
      canonicalizedBody: base64(body),
    };
  }

  async #promised(body: Bytes, logIndex: number, integratedTime: number) {
    const promised = { body: base64(body), integratedTime, logID: hex(this.#id), logIndex };
    const signature = await this.#key.sign(utf8Bytes(JSON.stringify(promised)));
    return { integratedTime: `${integratedTime}`, inclusionPromise: { signedEntryTimestamp: base64(signature) } };
  }

  /** That it is the second of two entries, so that the proof is one hash (RFC 6962, 2.1). */
  async #proof(body: Bytes): Promise<LogEntry["inclusionProof"]> {
    const [before, own] = await Promise.all([utf8Bytes("another entry"), body].map(leafHash));
    if (!before || !own) throw new Error("there are two");
    const rootHash = base64(await sha256(joinedBytes(Uint8Array.of(1), before, own)));
    const note = `${LOG_HOST}${this.version === 1 ? " - 1" : ""}\n2\n${rootHash}\n`;
    const signature = base64(joinedBytes(this.#id.subarray(0, 4), await this.#key.sign(utf8Bytes(note))));
    return {
      logIndex: PLACE,
      rootHash,
      treeSize: "2",
      hashes: [base64(before)],
      checkpoint: { envelope: `${note}\n— ${LOG_HOST} ${signature}\n` },
    };
  }
}

const leafHash = (body: Bytes) => sha256(joinedBytes(Uint8Array.of(0), body));

/** What a signed note calls an Ed25519 key: name, algorithm and key (golang.org/x/mod/sumdb/note). */
const noteKeyId = ({ spki }: SigningKey) =>
  sha256(joinedBytes(utf8Bytes(`${LOG_HOST}\n`), Uint8Array.of(1), spki.subarray(-32)));

const firstBody = async ({ statement, signature, certificate }: Entered) => ({
  apiVersion: "0.0.1",
  kind: "dsse",
  spec: {
    payloadHash: { algorithm: "sha256", value: hex(await sha256(statement)) },
    signatures: [{ signature: base64(signature), verifier: base64(certificate) }],
  },
});

const secondBody = async ({ statement, signature, certificate }: Entered) => ({
  apiVersion: "0.0.2",
  kind: "dsse",
  spec: {
    dsseV002: {
      payloadHash: { algorithm: "SHA2_256", digest: base64(await sha256(statement)) },
      signatures: [
        {
          content: base64(signature),
          verifier: {
            keyDetails: "PKIX_ECDSA_P256_SHA_256",
            x509Certificate: { rawBytes: base64(certificate) },
          },
        },
      ],
    },
  },
});
