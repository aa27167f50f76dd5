/** An address as a number. */
interface Address {
  readonly value: bigint;
  readonly bits: 32 | 128;
}

/** Length of the longest IPv6 address: eight groups in brackets. Characters. */
const MAX_IPV6 = 41;

const isLoopbackAddress = inRanges("127.0.0.0/8", "::1/128");

/** Addresses of private networks and of the machine itself: RFC 1918, 3927, 6598, 4193, 4291 and "this host". */
const isPrivateAddress = inRanges(
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::/128",
  "fc00::/7",
  "fe80::/10",
);

/**
 * IPv4 addresses that no host on the internet has (IANA's registry of special-purpose addresses, RFC 6890): protocol assignments,
 * documentation, 6to4 relays, benchmarking, multicast and reserved addresses.
 */
const isSpecial = inRanges(
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
);

/**
 * The only IPv6 addresses that hosts on the internet have. It excludes multicast, and the forms that contain an IPv4 address, which
 * a translator may map to a private one: mapped, compatible, NAT64 (RFC 6052, 8215).
 */
const isUnicast = inRanges("2000::/3");

/** Protocol assignments with Teredo (RFC 4380), documentation, and 6to4 (RFC 3056), whose addresses contain an IPv4 address. */
const isSpecialUnicast = inRanges("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

/** IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2). */
const isMapped = inRanges("::ffff:0:0/96");

/** Whether a URL's `hostname` is this machine. */
export function isLoopback(hostname: string): boolean {
  const address = addressOf(hostname);
  return address ? isLoopbackAddress(meant(address)) : /^(?:[^]*\.)?localhost\.?$/.test(hostname);
}

/** Whether a URL's `hostname` is this machine, or an address (not a name) of a private network. */
export function isPrivate(hostname: string): boolean {
  const address = addressOf(hostname);
  return isLoopback(hostname) || (address !== undefined && isPrivateAddress(meant(address)));
}

/**
 * Whether a URL's `hostname` may belong to a host on the internet: a name, or a public address. An address that is not public need
 * not be private: code that sends a token without TLS must check `isPrivate` instead.
 */
export function isPublic(hostname: string): boolean {
  if (isPrivate(hostname)) return false;
  const address = addressOf(hostname);
  if (!address) return true;
  return address.bits === 32 ? !isSpecial(address) : isUnicast(address) && !isSpecialUnicast(address);
}

const meant = (address: Address): Address =>
  isMapped(address) ? { value: address.value & 0xffff_ffffn, bits: 32 } : address;

/** The address in a URL's `hostname`; undefined for a name. `URL` has made it canonical: no octal, no short forms. */
function addressOf(hostname: string): Address | undefined {
  if (hostname.startsWith("[") && hostname.length <= MAX_IPV6)
    return { value: inGroups(hostname.slice(1, -1)), bits: 128 };
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname) ? { value: inBytes(hostname), bits: 32 } : undefined;
}

function inBytes(text: string): bigint {
  return joined(text.split("."), 8n, (byte) => BigInt(byte));
}

function inGroups(text: string): bigint {
  const [head = [], tail] = text.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const gap = tail ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0") : [];
  return joined([...head, ...gap, ...(tail ?? [])], 16n, (group) => BigInt(Number.parseInt(group, 16) || 0));
}

function joined(parts: readonly string[], bits: bigint, valueOf: (part: string) => bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | valueOf(part), 0n);
}

/** Whether an address is in one of these ranges (`10.0.0.0/8`). */
function inRanges(...ranges: readonly string[]): (address: Address) => boolean {
  const known = ranges.map((range) => {
    const [start = "", length] = range.split("/");
    const { value, bits } = addressOf(start.includes(":") ? `[${start}]` : start) ?? { value: 0n, bits: 32 };
    const shift = BigInt(bits - Number(length));
    return { bits, shift, prefix: value >> shift };
  });
  return ({ value, bits }) => known.some((it) => it.bits === bits && value >> it.shift === it.prefix);
}
