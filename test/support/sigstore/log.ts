import { joinedBytes } from "./der.ts";
import { sha256, type SigningKey } from "./keys.ts";
import { base64, hex, pem, utf8Bytes } from "./text.ts";

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

/** What is entered: a statement in its envelope. The second version of Rekor is told the digest alone. */
export interface Entered {
  readonly statement?: Bytes;
  /** SHA-256 of what was signed. */
  readonly digest: Bytes;
  readonly signature: Uint8Array;
  /** DER. */
  readonly certificate: Bytes;
}

/** Where in its tree each entry is: a tree is made for each. */
const PLACE = "1";

export const LOG_HOST = "log.sigstore.test";

/** The kinds of entries, each with its version. */
export type EntryForm = keyof typeof BODIES;

/** A transparency log: Rekor, or the second version of it, which promises nothing and gives no time. */
export class TestLog {
  readonly #form: EntryForm;
  readonly saysTime: boolean;
  readonly #key: SigningKey;
  readonly #id: Bytes;
  #entries = 0;

  private constructor(form: EntryForm, key: SigningKey, id: Bytes) {
    [this.#form, this.#key, this.#id] = [form, key, id];
    this.saysTime = saysTime(form);
  }

  static async make(form: EntryForm, key: SigningKey): Promise<TestLog> {
    return new TestLog(form, key, saysTime(form) ? key.id : await noteKeyId(key));
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
    const [kind = "", version = ""] = this.#form.split(" ");
    const spec = await BODIES[this.#form](entered);
    const body = utf8Bytes(JSON.stringify({ apiVersion: version, kind, spec }));
    return {
      logIndex: this.saysTime ? `${index}` : PLACE,
      logId: { keyId: base64(this.#id) },
      kindVersion: { kind, version },
      ...(this.saysTime && (await this.#promised(body, index, Math.floor(at / 1_000)))),
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
    const note = `${LOG_HOST}${this.saysTime ? " - 1" : ""}\n2\n${rootHash}\n`;
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

/** What each kind of entry says. */
const BODIES = {
  "dsse 0.0.1": async ({ statement, signature, certificate }: Entered) => ({
    payloadHash: { algorithm: "sha256", value: hex(await hashOf(statement)) },
    signatures: [{ signature: base64(signature), verifier: base64(utf8Bytes(pem(certificate))) }],
  }),
  "dsse 0.0.2": async ({ statement, ...signed }: Entered) => ({
    dsseV002: {
      payloadHash: { algorithm: "SHA2_256", digest: base64(await hashOf(statement)) },
      signatures: [signatureOf(signed)],
    },
  }),
  "hashedrekord 0.0.2": async ({ digest, ...signed }: Entered) => ({
    hashedRekordV002: { data: { algorithm: "SHA2_256", digest: base64(digest) }, signature: signatureOf(signed) },
  }),
};

/** Whether a log with such entries promises them and gives times. */
const saysTime = (form: EntryForm) => form.endsWith(" 0.0.1");

const signatureOf = ({ signature, certificate }: Pick<Entered, "signature" | "certificate">) => ({
  content: base64(signature),
  verifier: { keyDetails: "PKIX_ECDSA_P256_SHA_256", x509Certificate: { rawBytes: base64(certificate) } },
});

function hashOf(statement: Bytes | undefined): Promise<Bytes> {
  if (!statement) throw new Error("this log wants the statement");
  return sha256(statement);
}
