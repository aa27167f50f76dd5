import { describe, expect, test } from "vitest";
import { proxiesIn } from "../../server/proxies/proxies.ts";

const [http, https] = [new URL("http://index.test/simple/"), new URL("https://index.test/simple/")];

describe("the proxies of the environment", () => {
  test.each([
    ["each for its own scheme", { HTTP_PROXY: "http://a:1", HTTPS_PROXY: "http://b:2" }, "a:1", "b:2"],
    ["HTTP_PROXY is not for https", { HTTP_PROXY: "http://a:1" }, "a:1", undefined],
    ["lower case goes first", { http_proxy: "http://a:1", HTTP_PROXY: "http://b:2" }, "a:1", undefined],
    ["an empty one is none", { http_proxy: "", HTTP_PROXY: "http://b:2", HTTPS_PROXY: " " }, undefined, undefined],
    ["without a scheme", { HTTP_PROXY: "a:3128", HTTPS_PROXY: "user:p%40ss@b" }, "a:3128", "b"],
    ["over TLS", { HTTPS_PROXY: "https://b:8443" }, undefined, "b:8443"],
  ])("%s", (_which, environment, forHttp, forHttps) => {
    const proxyFor = proxiesIn(environment);
    expect([proxyFor(http)?.url.host, proxyFor(https)?.url.host]).toEqual([forHttp, forHttps]);
  });

  test("have credentials, which are decoded and are not in their addresses", () => {
    const proxy = proxiesIn({ HTTPS_PROXY: "http://us%65r:p%40ss%C3%A9@b:2" })(https);
    expect([proxy?.url.href, proxy?.name]).toEqual(["http://b:2/", "the proxy b:2"]);
    expect(proxy?.authorization).toBe(`Basic ${Buffer.from("user:p@ssé").toString("base64")}`);
    expect(proxiesIn({ HTTPS_PROXY: "http://user@b:2" })(https)?.authorization).toBe(
      `Basic ${Buffer.from("user:").toString("base64")}`,
    );
  });

  test.each(["socks5://user:s3cret@b:1080", "http://user:s3cret@", "http://user:s3cret%@b", "s3cret:x:y"])(
    "%s is refused in a sentence that does not have it",
    (address) => {
      const read = () => proxiesIn({ HTTPS_PROXY: address });
      expect(read).toThrow(/^HTTPS_PROXY is not the address of an HTTP proxy, such as [^@]*3128 /);
      expect(read).not.toThrow("s3cret");
    },
  );

  test.each([
    ["*", "http://any.test/", true],
    ["index.test", "http://index.test/", true],
    ["index.test", "http://files.index.test/", true],
    [".index.test", "http://index.test/", true],
    ["*.Index.test, x", "http://a.index.test/", true],
    ["index.test", "http://myindex.test/", false],
    ["index.test:8080", "http://index.test:8080/", true],
    ["index.test:8080", "http://index.test/", false],
    ["index.test:443", "https://index.test/", true],
    ["127.0.0.1", "http://127.0.0.1:3141/", true],
    ["10.0.0.0/8", "http://10.200.0.1/", true],
    ["10.0.0.0/8", "http://11.200.0.1/", false],
    ["10.0.0.0/99 fd00::/8", "http://[fd00::1]/", true],
    ["::1", "http://[::1]:80/", true],
    ["[::1]:81", "http://[::1]:80/", false],
    ["0.1", "http://10.0.0.1/", false],
    ["", "http://index.test/", false],
  ])("NO_PROXY=%j for %s: asked directly: %s", (list, url, isDirect) => {
    const proxy = proxiesIn({ HTTP_PROXY: "http://a:1", HTTPS_PROXY: "http://a:1", no_proxy: list })(new URL(url));
    expect(proxy === undefined).toBe(isDirect);
  });
});
