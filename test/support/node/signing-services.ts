import { createHash, createPublicKey, verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { Subject } from "../sigstore/certificates.ts";
import type { TestSigstore } from "../sigstore/sigstore.ts";
import { signedBytesOf } from "../sigstore/envelope.ts";
import { sha256 } from "../sigstore/keys.ts";
import { bytesOf, hex, pem } from "../sigstore/text.ts";
import { LoopbackService } from "./loopback.ts";

interface CertificateRequest {
  readonly credentials: { readonly oidcIdentityToken: string };
  readonly publicKeyRequest: {
    readonly publicKey: { readonly content: string };
    readonly proofOfPossession: string;
  };
}

interface EntryRequest {
  readonly spec: { readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly [string] } };
}

/** What the second version of Rekor is asked, as protobuf's JSON has it. */
interface DigestRequest {
  readonly hashedRekordRequestV002: {
    readonly digest: string;
    readonly signature: {
      readonly content: string;
      readonly verifier: { readonly x509Certificate: { readonly rawBytes: string } };
    };
  };
}

interface Envelope {
  readonly payload: string;
  readonly signatures: readonly [{ readonly sig: string }];
}

/** The claims of a token, of which nothing is verified. */
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, string>;

/** An identity token of a job that has this subject; the services here do not verify who signed it. */
export const identityTokenOf = (sub: string) =>
  ["{}", JSON.stringify({ sub }), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");

/** A test sigstore's services at loopback: certificates for jobs, a log, a timestamp authority, and GitHub's identity tokens. */
export class SigningServices extends LoopbackService {
  readonly #sigstore: TestSigstore;
  readonly #jobs: Readonly<Record<string, Subject>>;
  /** The token that GitHub gives. */
  identity = "";
  readonly requests: string[] = [];

  /** @param jobs who certificates are for, by the subject of their identity tokens */
  constructor(sigstore: TestSigstore, jobs: Readonly<Record<string, Subject>>) {
    super();
    [this.#sigstore, this.#jobs] = [sigstore, jobs];
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const answers: Readonly<Record<string, () => Promise<unknown>>> = {
      "/identity": async () => ({ value: searchParams.get("audience") === "sigstore" && this.identity }),
      "/api/v2/signingCert": () => this.#certify(request),
      "/api/v1/log/entries": () => this.#enter(request),
      "/api/v2/log/entries": () => this.#enterDigest(request),
      "/api/v1/timestamp": () => this.#stamp(request),
    };
    this.requests.push(pathname);
    try {
      const answer = (await answers[pathname]?.()) ?? null;
      const isBytes = answer instanceof Uint8Array;
      response.writeHead(answer === null ? 403 : 201, {
        "Content-Type": isBytes ? "application/timestamp-reply" : "application/json",
      });
      response.end(isBytes ? answer : JSON.stringify(answer ?? { message: "not for you" }));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }

  async #certify(request: IncomingMessage): Promise<unknown> {
    const asked = (await json(request)) as CertificateRequest;
    const { sub = "" } = claimsOf(asked.credentials.oidcIdentityToken);
    const { publicKey, proofOfPossession } = asked.publicKeyRequest;
    const key = createPublicKey(publicKey.content);
    const subject = this.#jobs[sub];
    if (!subject || !verify("sha256", Buffer.from(sub), key, Buffer.from(proofOfPossession, "base64"))) return null;
    const spki = new Uint8Array(key.export({ type: "spki", format: "der" }));
    const certificate = pem(await this.#sigstore.certify(spki, subject, Date.now()));
    return { signedCertificateEmbeddedSct: { chain: { certificates: [certificate] } } };
  }

  async #enter(request: IncomingMessage): Promise<unknown> {
    const { envelope, verifiers } = ((await json(request)) as EntryRequest).spec.proposedContent;
    const { payload, signatures } = JSON.parse(envelope) as Envelope;
    const certificate = bytesOf(atob(verifiers[0]).replaceAll(/-----[^-]+-----|\s/g, ""));
    const statement = bytesOf(payload);
    const digest = await sha256(signedBytesOf(statement));
    const entered = { statement, digest, signature: bytesOf(signatures[0].sig), certificate };
    const entry = await this.#sigstore.enter(entered, Date.now());
    const { rootHash, hashes, checkpoint, ...proof } = entry.inclusionProof;
    const inHex = (text: string) => hex(bytesOf(text));
    return {
      [createHash("sha256").update(payload).digest("hex")]: {
        body: entry.canonicalizedBody,
        integratedTime: Number(entry.integratedTime ?? 0),
        logID: inHex(entry.logId.keyId),
        logIndex: Number(entry.logIndex),
        verification: {
          signedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
          inclusionProof: {
            rootHash: inHex(rootHash),
            hashes: hashes.map(inHex),
            checkpoint: checkpoint.envelope,
            logIndex: Number(proof.logIndex),
            treeSize: Number(proof.treeSize),
          },
        },
      },
    };
  }

  /** The second version of Rekor answers with the entry as bundles have it. */
  async #enterDigest(request: IncomingMessage): Promise<unknown> {
    const { digest, signature } = ((await json(request)) as DigestRequest).hashedRekordRequestV002;
    const certificate = bytesOf(signature.verifier.x509Certificate.rawBytes);
    const entered = { digest: bytesOf(digest), signature: bytesOf(signature.content), certificate };
    return this.#sigstore.enter(entered, Date.now());
  }

  async #stamp(request: IncomingMessage): Promise<Uint8Array> {
    const { artifactHash } = (await json(request)) as { readonly artifactHash: string };
    return this.#sigstore.stamp(bytesOf(artifactHash), Date.now());
  }
}
