import { describe, expect, test } from "vitest";
import { isLoopback, isPrivate, isPublic } from "../../worker/pypi/host.ts";

const hostOf = (text: string) => new URL(`https://${text}/`).hostname;

describe("a host that is not public", () => {
  test.each([
    [
      "loopback",
      ["127.0.0.1", "127.255.255.254", "[::1]", "[::ffff:127.0.0.1]", "localhost", "localhost.", "a.localhost"],
    ],
    ["private (RFC 1918)", ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"]],
    [
      "link-local, with the metadata of clouds",
      ["169.254.169.254", "[fe80::1]", "[febf::1]", "[::ffff:169.254.169.254]"],
    ],
    ["shared (RFC 6598)", ["100.64.0.1", "100.127.255.255"]],
    ["unique local (RFC 4193)", ["[fc00::1]", "[fd12:3456::1]"]],
    ["this host", ["0.0.0.0", "0.1.2.3", "[::]"]],
    [
      "an odd spelling of IPv4",
      ["0x7f000001", "0177.0.0.1", "127.1", "2130706433", "0xa.1", "%31%32%37.0.0.1", "127.0.0.1."],
    ],
    ["in full-width digits, which URLs normalise", ["\uff11\uff12\uff17.0.0.1", "127\u30020.0.1"]],
    ["v4-mapped", ["[::ffff:8.8.8.8]", "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]"]],
    ["v4-compatible", ["[::10.0.0.1]", "[::8.8.8.8]", "[::7f00:1]"]],
    ["v4-translated (RFC 2765)", ["[::ffff:0:10.0.0.1]"]],
    ["NAT64", ["[64:ff9b::10.0.0.1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[64:ff9b:1:ffff:ffff::1]"]],
    ["6to4", ["[2002:7f00:1::1]", "[2002:a00:1::]", "[2002:808:808::1]"]],
    [
      "Teredo and other assignments",
      ["[2001::1]", "[2001:0:4136:e378::]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]"],
    ],
    ["documentation", ["192.0.2.1", "198.51.100.7", "203.0.113.9", "[2001:db8::1]", "[3fff::1]"]],
    ["benchmarking", ["198.18.0.1", "198.19.255.255"]],
    ["protocol assignments and relays", ["192.0.0.1", "192.88.99.1"]],
    ["multicast", ["224.0.0.1", "239.255.255.255", "[ff02::1]", "[ff0e::1]"]],
    ["reserved, and broadcast", ["240.0.0.1", "255.255.255.255", "[100::1]", "[5f00::1]", "[fec0::1]", "[4000::1]"]],
  ])("%s", (_what, hosts) => {
    expect(hosts.filter((host) => isPublic(hostOf(host)))).toEqual([]);
  });

  test.each(["[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1", "256.1.1.1", "1.2.3.4.5"])(
    "%s is no host of a URL",
    (host) => {
      expect(URL.canParse(`https://${host}/`)).toBe(false);
    },
  );
});

test.each([
  "pypi.org",
  "files.pythonhosted.org.",
  "localhost.example",
  "notlocalhost",
  "10.example",
  "fd.example",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.255.255",
  "172.32.0.1",
  "192.0.1.1",
  "198.17.255.255",
  "198.20.0.1",
  "223.255.255.255",
  "[2606:4700::1111]",
  "[2001:200::1]",
  "[2001:4860:4860::8888]",
  "[2003::1]",
  "[3ffe::1]",
  "[2a04:4e42::223]",
])("%s may be a host of the internet", (host) => {
  expect([isPublic(hostOf(host)), isPrivate(hostOf(host)), isLoopback(hostOf(host))]).toEqual([true, false, false]);
});

test.each(["64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8", "::8.8.8.8", "ff02::1", "2001:db8::1"])(
  "[%s] is not public, and no private network's either: nothing goes there in the clear",
  (address) => {
    expect([isPublic(hostOf(`[${address}]`)), isPrivate(hostOf(`[${address}]`))]).toEqual([false, false]);
  },
);

test("a v4-mapped address is loopback, or private, where the IPv4 address is", () => {
  const mapped = ["127.0.0.1", "10.0.0.1", "8.8.8.8"].map((address) => hostOf(`[::ffff:${address}]`));
  expect(mapped.map(isLoopback)).toEqual([true, false, false]);
  expect(mapped.map(isPrivate)).toEqual([true, true, false]);
});
