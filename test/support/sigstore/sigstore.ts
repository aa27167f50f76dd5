import { joinedBytes } from "./der.ts";
import { makeAuthority, makeCertificate, type Authority, type Subject } from "./certificates.ts";
import { ecdsaKey, edwardsKey, sha256, type SigningKey } from "./keys.ts";

const HOST = "https://log.sigstore.test";
const TYPE = "application/vnd.in-toto+json";

/** What an attestation is to say. */
export interface Attested extends Subject {
  readonly filename: string;
  readonly sha256: string;
  readonly predicate?: "publish" | "slsa" | undefined;
  /** When it is signed. Milliseconds since the epoch. */
  readonly at?: number | undefined;
}

const PREDICATES = {
  publish: "https://docs.pypi.org/attestations/publish/v1",
  slsa: "https://slsa.dev/provenance/v1",
};

const base64 = (bytes: Uint8Array) => btoa(String.fromCodePoint(...bytes));
const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

/** The identity of a workflow on GitHub: what its job's certificate says. */
export function onGitHub(
  repository: string,
  { workflow = "release.yml", ref = "refs/tags/v1", repositoryId = "1001", ownerId = "2001" } = {},
): Subject {
  const url = `https://github.com/${repository}`;
  const config = `${url}/.github/workflows/${workflow}@${ref}`;
  return {
    uri: config,
    claims: {
      8: "https://token.actions.githubusercontent.com",
      9: config,
      12: url,
      13: "c0ffee".padEnd(40, "0"),
      14: ref,
      15: repositoryId,
      16: url.slice(0, url.lastIndexOf("/")),
      17: ownerId,
      18: config,
      21: `${url}/actions/runs/1/attempts/1`,
    },
  };
}

/** A sigstore of our own: an authority, a log of certificates and one of signatures, whose root nothing else trusts. */
export class TestSigstore {
  readonly #authority: Authority;
  readonly #certificates: SigningKey;
  readonly #log: SigningKey;
  #entries = 0;

  private constructor(authority: Authority, certificates: SigningKey, log: SigningKey) {
    [this.#authority, this.#certificates, this.#log] = [authority, certificates, log];
  }

  /** @param log the kind of key that its log of signatures has: sigstore's newest log has an Ed25519 one */
  static async make(log: "ecdsa" | "edwards" = "ecdsa"): Promise<TestSigstore> {
    const since = Date.parse("2020-01-01T00:00:00Z");
    const authority = await makeAuthority("Test Fulcio", await ecdsaKey(), since);
    return new TestSigstore(authority, await ecdsaKey(), log === "ecdsa" ? await ecdsaKey() : await edwardsKey());
  }

  /** Its trusted root, as sigstore writes such. */
  get root(): object {
    const validFor = { start: new Date(this.#authority.since).toISOString() };
    const logOf = (url: string, { spki, details, id }: SigningKey) => ({
      baseUrl: url,
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: base64(spki), keyDetails: details, validFor },
      logId: { keyId: base64(id) },
    });
    return {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [logOf(HOST, this.#log)],
      certificateAuthorities: [
        {
          subject: { organization: "test", commonName: "Test Fulcio" },
          uri: "https://fulcio.sigstore.test",
          certChain: { certificates: [{ rawBytes: base64(this.#authority.certificate) }] },
          validFor,
        },
      ],
      ctlogs: [logOf("https://ctfe.sigstore.test", this.#certificates)],
      timestampAuthorities: [],
    };
  }

  /** An attestation object (PEP 740). */
  async attest({
    filename,
    sha256: digest,
    predicate = "publish",
    at = Date.now(),
    ...subject
  }: Attested): Promise<object> {
    const key = await ecdsaKey();
    const certificate = await makeCertificate(this.#authority, this.#certificates, key, subject, at);
    const statement = utf8(
      JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ name: filename, digest: { sha256: digest } }],
        predicateType: PREDICATES[predicate],
        predicate: predicate === "slsa" ? {} : null,
      }),
    );
    const signature = await key.sign(
      joinedBytes(utf8(`DSSEv1 ${TYPE.length} ${TYPE} ${statement.byteLength} `), statement),
    );
    const body = utf8(
      JSON.stringify({
        apiVersion: "0.0.1",
        kind: "dsse",
        spec: {
          payloadHash: { algorithm: "sha256", value: hex(await sha256(statement)) },
          signatures: [{ signature: base64(signature), verifier: base64(certificate) }],
        },
      }),
    );
    return {
      version: 1,
      verification_material: {
        certificate: base64(certificate),
        transparency_entries: [await this.#logged(body, Math.floor(at / 1_000))],
      },
      envelope: { statement: base64(statement), signature: base64(signature) },
    };
  }

  /** A provenance object (PEP 740) that states this publisher for the attestations. */
  async provenance(stated: object, ...attested: readonly Attested[]): Promise<string> {
    const attestations = await Promise.all(attested.map((each) => this.attest(each)));
    return JSON.stringify({ version: 1, attestation_bundles: [{ publisher: stated, attestations }] });
  }

  /** An entry of a log that has nothing else: its proof is short. */
  async #logged(body: Uint8Array<ArrayBuffer>, seconds: number) {
    const index = (this.#entries += 1);
    const id = this.#log.id;
    const promised = { body: base64(body), integratedTime: seconds, logID: hex(id), logIndex: index };
    const root = base64(await sha256(joinedBytes(Uint8Array.of(0), body)));
    const name = new URL(HOST).host;
    const note = `${name} - 1\n1\n${root}\n`;
    const noteSignature = base64(joinedBytes(id.subarray(0, 4), await this.#log.sign(utf8(note))));
    return {
      logIndex: `${index}`,
      logId: { keyId: base64(id) },
      kindVersion: { kind: "dsse", version: "0.0.1" },
      integratedTime: `${seconds}`,
      inclusionPromise: { signedEntryTimestamp: base64(await this.#log.sign(utf8(JSON.stringify(promised)))) },
      inclusionProof: {
        logIndex: "0",
        rootHash: root,
        treeSize: "1",
        hashes: [],
        checkpoint: { envelope: `${note}\n— ${name} ${noteSignature}\n` },
      },
      canonicalizedBody: base64(body),
    };
  }
}
