import { expect, test } from "vitest";
import { clientAddressBehind } from "../../../server/http/client-address.ts";

const behind = clientAddressBehind(["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"]);

test.each([
  ["of a client that says nothing", "203.0.113.7", null, "203.0.113.7"],
  ["of a client that names another", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
  ["of a proxy's client", "127.0.0.1", "203.0.113.7", "203.0.113.7"],
  ["of a client that names another to the proxy", "127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
  ["of a client behind two proxies", "127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"],
  ["of a proxy itself", "127.0.0.1", null, "127.0.0.1"],
  ["of a proxy that names no address", "127.0.0.1", "unknown", "127.0.0.1"],
  ["of a proxy that names proxies only", "127.0.0.1", "10.1.2.3", "10.1.2.3"],
  ["of IPv6", "::1", "2001:db8::7", "2001:db8::7"],
  ["of a network of IPv6", "fd12::3", "2001:db8::7", "2001:db8::7"],
  ["of IPv4 on a socket of IPv6", "::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"],
  ["of a socket that has gone", "", "203.0.113.7", ""],
])("the address %s", (_, peer, forwarded, client) => {
  expect(behind(peer, forwarded)).toBe(client);
});

test("what connects over a Unix socket is a proxy only where it is named so", () => {
  expect(clientAddressBehind(["unix", "10.0.0.0/8"])("unix", "203.0.113.7, 10.1.2.3")).toBe("203.0.113.7");
  expect(clientAddressBehind(["unix"])("unix", null)).toBe("");
  expect(clientAddressBehind(["unix"])("127.0.0.1", "203.0.113.7")).toBe("127.0.0.1");
  expect(clientAddressBehind(["127.0.0.1"])("unix", "203.0.113.7")).toBe("");
});

test("without proxies no header is believed", () => {
  expect(clientAddressBehind([])("127.0.0.1", "203.0.113.7")).toBe("127.0.0.1");
});

test.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0", ""])("%j is no proxy", (proxy) => {
  expect(() => clientAddressBehind([proxy])).toThrow(
    /is no address of a proxy, such as 127\.0\.0\.1 or 10\.0\.0\.0\/8, nor unix, for what connects over a Unix socket\.$/,
  );
});
