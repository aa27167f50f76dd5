import { expect, test } from "vitest";
import { proxyWarnings } from "../../cli/serve/proxy-warnings.ts";
import type { Listener } from "../../server/http/listen.ts";

const PATH: Listener = { path: "/run/pypi-edge/http.sock" };

test.each(["0.0.0.0/0", "128.0.0.0/1", "8.0.0.0/7", "::/0", "2000::/3"])(
  "%s is told to be larger than any network of one's own",
  (network) => {
    expect(proxyWarnings({ trustedProxies: ["127.0.0.1", network] }, undefined)).toEqual([
      expect.stringMatching(new RegExp(`^--trusted-proxy ${network} is larger than any network of your own: .+\\.$`)),
    ]);
  },
);

test("addresses, private networks and no proxy at all need no word", () => {
  const trustedProxies = ["127.0.0.1", "::1", "10.0.0.0/8", "fc00::/7", "192.168.0.0/16"];
  expect(proxyWarnings({ trustedProxies }, undefined)).toEqual([]);
  expect(proxyWarnings({ trustedProxies: [] }, undefined)).toEqual([]);
});

test.each<[string, readonly string[], Listener | undefined, RegExp[]]>([
  ["unix without a Unix socket", ["unix"], undefined, [/^--trusted-proxy unix is of no use/]],
  [
    "a Unix socket without unix",
    ["127.0.0.1"],
    PATH,
    [/^--socket without --trusted-proxy unix: all clients count as one/],
  ],
  ["a Unix socket with unix", ["unix"], PATH, []],
  ["unix with a socket from systemd", ["unix"], { fd: 3 }, []],
  ["a socket from systemd without unix", [], { fd: 3 }, []],
])("%s", (_, trustedProxies, listener, said) => {
  expect(proxyWarnings({ trustedProxies }, listener)).toEqual(said.map((each) => expect.stringMatching(each)));
});
