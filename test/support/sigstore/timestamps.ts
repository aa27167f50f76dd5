import { integer, octets, oid, sequence, set, tagged, time } from "./der.ts";
import { makeAuthority, makeTimestampCertificate, type Authority } from "./certificates.ts";
import { ecdsaKey, sha256, type SigningKey } from "./keys.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const SIGNED_DATA = oid("1.2.840.113549.1.7.2");
const TIMESTAMP_INFO = oid("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE = oid("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4");
const POLICY = oid("1.3.6.1.4.1.57264.2");

/** The serial number of the certificate that signs times. */
const SERIAL = Uint8Array.of(7);

/** Version numbers as DER has them. */
const number = (value: number) => integer(Uint8Array.of(value));

/** A timestamp authority (RFC 3161): it says when something was signed, where the log does not. */
export class TestTimestamps {
  readonly #authority: Authority;
  readonly #key: SigningKey;
  /** DER: the certificate that signs, then that of its authority. */
  readonly chain: readonly Bytes[];

  private constructor(authority: Authority, key: SigningKey, certificate: Bytes) {
    [this.#authority, this.#key, this.chain] = [authority, key, [certificate, authority.certificate]];
  }

  static async make(since: number): Promise<TestTimestamps> {
    const authority = await makeAuthority("Test timestamps", await ecdsaKey(), since);
    const key = await ecdsaKey();
    return new TestTimestamps(authority, key, await makeTimestampCertificate(authority, key, SERIAL));
  }

  /**
   * The answer to a request for a timestamp (RFC 3161, 2.4.2), in DER.
   *
   * @param digest SHA-256 of what was signed
   */
  async stamp(digest: Bytes, at: number): Promise<Bytes> {
    const info = sequence(number(1), POLICY, sequence(SHA256, octets(digest)), number(1), time(at));
    const attributes = [
      sequence(CONTENT_TYPE, set(TIMESTAMP_INFO)),
      sequence(MESSAGE_DIGEST, set(octets(await sha256(info)))),
    ];
    // What is signed is the attributes as a set (RFC 5652, 5.4); in the message they have a tag of their own.
    const signature = await this.#key.sign(set(...attributes));
    const signer = sequence(
      number(1),
      sequence(this.#authority.name, integer(SERIAL)),
      SHA256,
      tagged(0, ...attributes),
      ECDSA_WITH_SHA256,
      octets(signature),
    );
    const signed = sequence(number(3), set(SHA256), sequence(TIMESTAMP_INFO, tagged(0, octets(info))), set(signer));
    return sequence(sequence(number(0)), sequence(SIGNED_DATA, tagged(0, signed)));
  }
}
