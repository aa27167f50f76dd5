import { makeAuthority, makeCertificate, type Authority, type Subject } from "./certificates.ts";
import { signedBytesOf } from "./envelope.ts";
import { ecdsaKey, edwardsKey, sha256, type SigningKey } from "./keys.ts";
import { TestLog, type Entered, type EntryForm, type LogEntry } from "./log.ts";
import { base64, bytesOf, utf8Bytes } from "./text.ts";
import { TestTimestamps } from "./timestamps.ts";

/** What an attestation is to say. */
export interface Attested extends Subject {
  readonly filename: string;
  readonly sha256: string;
  readonly predicate?: "publish" | "slsa" | undefined;
  /** When it is signed. Milliseconds since the epoch. */
  readonly at?: number | undefined;
  /** The identity of the certificate under which the log has it, where it is another than that of the attestation. */
  readonly loggedAs?: Subject | undefined;
}

/** A provenance object, as far as it is changed here. */
interface Provenance {
  readonly attestation_bundles: readonly {
    readonly attestations: readonly {
      readonly envelope: { readonly signature: string };
      readonly verification_material: { timestamp_verification_data?: object };
    }[];
  }[];
}

const PREDICATES = {
  publish: "https://docs.pypi.org/attestations/publish/v1",
  slsa: "https://slsa.dev/provenance/v1",
};

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

/**
 * What log a sigstore may have: Rekor, Rekor with an Ed25519 key, the second version of it, and that one as it was at first, which
 * had entries for envelopes.
 */
export type LogKind = "ecdsa" | "edwards" | "rekor2" | "rekor2-dsse";

const FORMS = {
  ecdsa: "dsse 0.0.1",
  edwards: "dsse 0.0.1",
  rekor2: "hashedrekord 0.0.2",
  "rekor2-dsse": "dsse 0.0.2",
} as const satisfies Record<LogKind, EntryForm>;

/** A sigstore of our own: authorities for certificates and times, a log of each, whose root nothing else trusts. */
export class TestSigstore {
  readonly #authority: Authority;
  readonly #certificates: SigningKey;
  readonly #log: TestLog;
  readonly #timestamps: TestTimestamps;

  private constructor(authority: Authority, certificates: SigningKey, log: TestLog, timestamps: TestTimestamps) {
    [this.#authority, this.#certificates, this.#log, this.#timestamps] = [authority, certificates, log, timestamps];
  }

  /** @param kind of its log of signatures: sigstore's newest one is `rekor2` */
  static async make(kind: LogKind = "ecdsa"): Promise<TestSigstore> {
    const since = Date.parse("2020-01-01T00:00:00Z");
    const authority = await makeAuthority("Test Fulcio", await ecdsaKey(), since);
    const log = await TestLog.make(FORMS[kind], await (kind === "ecdsa" ? ecdsaKey() : edwardsKey()));
    return new TestSigstore(authority, await ecdsaKey(), log, await TestTimestamps.make(since));
  }

  /** Its trusted root, as sigstore writes such. */
  get root(): object {
    const start = new Date(this.#authority.since).toISOString();
    const authorityOf = (commonName: string, uri: string, certificates: readonly Uint8Array[]) => ({
      subject: { organization: "test", commonName },
      uri,
      certChain: { certificates: certificates.map((each) => ({ rawBytes: base64(each) })) },
      validFor: { start },
    });
    const { spki, details, id } = this.#certificates;
    return {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [this.#log.describe(start)],
      certificateAuthorities: [
        authorityOf("Test Fulcio", "https://fulcio.sigstore.test", [this.#authority.certificate]),
      ],
      ctlogs: [
        {
          baseUrl: "https://ctfe.sigstore.test",
          hashAlgorithm: "SHA2_256",
          publicKey: { rawBytes: base64(spki), keyDetails: details, validFor: { start } },
          logId: { keyId: base64(id) },
        },
      ],
      timestampAuthorities: [authorityOf("Test timestamps", "https://tsa.sigstore.test", this.#timestamps.chain)],
    };
  }

  /** A signing certificate for a public key (SubjectPublicKeyInfo), in DER. */
  certify(spki: Uint8Array<ArrayBuffer>, subject: Subject, at: number): Promise<Uint8Array<ArrayBuffer>> {
    return makeCertificate(this.#authority, this.#certificates, { spki }, subject, at);
  }

  /** Enters a signed statement into its log. */
  enter(entered: Entered, at: number): Promise<LogEntry> {
    return this.#log.enter(entered, at);
  }

  /** A signed time (RFC 3161) for what has this SHA-256, in DER. */
  stamp(digest: Uint8Array<ArrayBuffer>, at: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#timestamps.stamp(digest, at);
  }

  /** An attestation object (PEP 740). */
  async attest({
    filename,
    sha256: digest,
    predicate = "publish",
    at = Date.now(),
    loggedAs,
    ...subject
  }: Attested): Promise<object> {
    const key = await ecdsaKey();
    const certificate = await this.certify(key.spki, subject, at);
    const statement = utf8Bytes(
      JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ name: filename, digest: { sha256: digest } }],
        predicateType: PREDICATES[predicate],
        predicate: predicate === "slsa" ? {} : null,
      }),
    );
    const signed = signedBytesOf(statement);
    const signature = await key.sign(signed);
    const logged = loggedAs ? await this.certify(key.spki, loggedAs, at) : certificate;
    const entry = await this.enter({ statement, digest: await sha256(signed), signature, certificate: logged }, at);
    const stamped = !this.#log.saysTime && (await this.stamp(await sha256(new Uint8Array(signature)), at));
    return {
      version: 1,
      verification_material: {
        certificate: base64(certificate),
        transparency_entries: [entry],
        ...(stamped && {
          timestamp_verification_data: { rfc3161_timestamps: [{ signed_timestamp: base64(stamped) }] },
        }),
      },
      envelope: { statement: base64(statement), signature: base64(signature) },
    };
  }

  /** The same attestations, signed at another time as far as the timestamp authority says. */
  async stampedAnew(provenance: string, at: number): Promise<string> {
    const object = JSON.parse(provenance) as Provenance;
    for (const { envelope, verification_material: material } of object.attestation_bundles.flatMap(
      ({ attestations }) => attestations,
    )) {
      const stamped = await this.stamp(await sha256(bytesOf(envelope.signature)), at);
      material.timestamp_verification_data = { rfc3161_timestamps: [{ signed_timestamp: base64(stamped) }] };
    }
    return JSON.stringify(object);
  }

  /** A provenance object (PEP 740) that states this publisher for the attestations. */
  async provenance(stated: object, ...attested: readonly Attested[]): Promise<string> {
    const attestations = await Promise.all(attested.map((each) => this.attest(each)));
    return JSON.stringify({ version: 1, attestation_bundles: [{ publisher: stated, attestations }] });
  }
}
