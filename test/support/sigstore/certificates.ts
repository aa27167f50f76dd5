import {
  bits,
  element,
  integer,
  joinedBytes,
  octets,
  oid,
  sequence,
  set,
  tagged,
  timeOfCertificate,
  utf8,
  yes,
} from "./der.ts";
import { sha256, type SigningKey } from "./keys.ts";

const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

const YEAR = 365 * 24 * 3_600_000;

type Bytes = Uint8Array<ArrayBuffer>;

/** SubjectPublicKeyInfo, DER. */
type PublicKey = Pick<SigningKey, "spki">;

/** A certificate authority with its own, self-signed certificate. */
export interface Authority {
  readonly key: SigningKey;
  readonly name: Bytes;
  /** DER. */
  readonly certificate: Bytes;
  readonly since: number;
}

const nameOf = (text: string) => sequence(set(sequence(oid("2.5.4.3"), utf8(text))));

const extension = (id: string, value: Bytes, isCritical = false) =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));

const keyId = async ({ spki }: PublicKey) => (await sha256(spki)).slice(0, 20);

interface Wanted {
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly from: number;
  readonly to: number;
  readonly key: PublicKey;
  readonly extensions: readonly Bytes[];
}

const toBeSigned = ({ serial, issuer, subject, from, to, key, extensions }: Wanted) =>
  sequence(
    tagged(0, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(timeOfCertificate(from), timeOfCertificate(to)),
    subject,
    key.spki,
    tagged(3, sequence(...extensions)),
  );

const signed = async (body: Bytes, by: SigningKey) => sequence(body, ECDSA_WITH_SHA256, bits(await by.sign(body)));

export async function makeAuthority(text: string, key: SigningKey, since: number): Promise<Authority> {
  const name = nameOf(text);
  const body = toBeSigned({
    serial: Uint8Array.of(1),
    issuer: name,
    subject: name,
    from: since,
    to: since + 20 * YEAR,
    key,
    extensions: [
      extension("2.5.29.15", element(0x03, Uint8Array.of(1, 0x06)), true),
      extension("2.5.29.19", sequence(yes), true),
      extension("2.5.29.14", octets(await keyId(key))),
    ],
  });
  return { key, name, certificate: await signed(body, key), since };
}

/** What a certificate for a CI job says, by the last number of each claim's identifier. */
export type ClaimsByNumber = Readonly<Record<number, string>>;

/** Who a signing certificate is for. */
export interface Subject {
  readonly claims: ClaimsByNumber;
  /** The subject's alternative name. */
  readonly uri?: string | undefined;
  readonly email?: string | undefined;
  /** false: it is not for signing code. */
  readonly isForCode?: boolean | undefined;
}

const text = (tag: number, value: string) => element(tag, new TextEncoder().encode(value));

/** A signing certificate of ten minutes, as Fulcio makes them, with a timestamp of the log of certificates. */
export async function makeCertificate(
  authority: Authority,
  log: SigningKey,
  key: PublicKey,
  { claims, uri, email, isForCode = true }: Subject,
  at: number,
): Promise<Bytes> {
  const alternative = email === undefined ? text(0x86, uri ?? "https://ci.test/job") : text(0x81, email);
  const usage = isForCode ? "1.3.6.1.5.5.7.3.3" : "1.3.6.1.5.5.7.3.1";
  const extensions = [
    extension("2.5.29.15", element(0x03, Uint8Array.of(7, 0x80)), true),
    extension("2.5.29.37", sequence(oid(usage))),
    extension("2.5.29.14", octets(await keyId(key))),
    extension("2.5.29.35", sequence(element(0x80, await keyId(authority.key)))),
    extension("2.5.29.17", sequence(alternative), true),
    ...Object.entries(claims).map(([number, value]) => extension(`1.3.6.1.4.1.57264.1.${number}`, utf8(value))),
  ];
  const wanted = {
    serial: crypto.getRandomValues(new Uint8Array(8)).map((byte, place) => (place === 0 ? byte & 127 : byte)),
    issuer: authority.name,
    subject: sequence(),
    from: at - 60_000,
    to: at + 600_000,
    key,
  };
  const before = toBeSigned({ ...wanted, extensions });
  const proof = extension("1.3.6.1.4.1.11129.2.4.2", octets(await timestampOf(before, authority, log, at)));
  return signed(toBeSigned({ ...wanted, extensions: [...extensions, proof] }), authority.key);
}

/** The certificate of a key that signs times, for as long as its authority is. */
export async function makeTimestampCertificate(authority: Authority, key: PublicKey, serial: Bytes): Promise<Bytes> {
  const body = toBeSigned({
    serial,
    issuer: authority.name,
    subject: nameOf("Test timestamps, signing"),
    from: authority.since,
    to: authority.since + 20 * YEAR,
    key,
    extensions: [
      extension("2.5.29.15", element(0x03, Uint8Array.of(7, 0x80)), true),
      extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.8")), true),
      extension("2.5.29.14", octets(await keyId(key))),
      extension("2.5.29.35", sequence(element(0x80, await keyId(authority.key)))),
    ],
  });
  return signed(body, authority.key);
}

const number16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
const number24 = (value: number) => Uint8Array.of(value >> 16, (value >> 8) & 255, value & 255);

function number64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** A list of one signed certificate timestamp (RFC 6962, 3.2 and 3.3). */
async function timestampOf(before: Bytes, { key }: Authority, log: SigningKey, at: number): Promise<Bytes> {
  const entry = joinedBytes(await sha256(key.spki), number24(before.byteLength), before);
  const payload = joinedBytes(Uint8Array.of(0, 0), number64(at), number16(1), entry, number16(0));
  const signature = await log.sign(payload);
  const timestamp = joinedBytes(
    Uint8Array.of(0),
    log.id,
    number64(at),
    number16(0),
    Uint8Array.of(4, 3),
    number16(signature.byteLength),
    signature,
  );
  return joinedBytes(number16(timestamp.byteLength + 2), number16(timestamp.byteLength), timestamp);
}
