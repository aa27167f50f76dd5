import { afterEach, expect, test, vi } from "vitest";
import { redactPath } from "../../worker/http/redact.ts";
import { Rig } from "../support/rig.ts";

const SECRET = "Ab-_9".repeat(9).slice(0, 43);
const TOKEN = `pypi-edge_0123456789abcdef_${SECRET}`;

afterEach(() => vi.restoreAllMocks());

/** Every character as `%XX`, whose percent sign is escaped again so many times. */
const escaped = (text: string, times: number) =>
  text
    .split("")
    .map((it) => `%${"25".repeat(times)}${it.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .join("");

test.each([
  ["as it is", TOKEN],
  ["escaped whole", escaped(TOKEN, 0)],
  ["escaped twice", escaped(TOKEN, 1)],
  ["escaped four times", escaped(TOKEN, 3)],
  ["with some of it escaped", TOKEN.replace("-", "%2d").replace("_", "%5F")],
  ["with some of it escaped twice", TOKEN.replace("-", "%252d").replace("_", "%255F")],
  ["with the secret escaped", TOKEN.replace(SECRET, escaped(SECRET, 0))],
  ["with an escape in an escape", TOKEN.replace("p", "%2%3570").replace("-", "%%32%64")],
  ["in capitals", TOKEN.toUpperCase()],
  ["as a project's name, normalised", TOKEN.toLowerCase().replaceAll("_", "-")],
])("a token in a path, %s, is shown without its secret", (_how, token) => {
  const shown = redactPath(`/simple/${token}/`);
  expect(shown.toLowerCase()).toMatch(/^\/simple\/pypi-edge[-_]0123456789abcdef[-_]…\/$/);
  for (const part of [SECRET, SECRET.slice(0, 12), SECRET.slice(-12)]) {
    expect(shown.toLowerCase().replaceAll("_", "-")).not.toContain(part.toLowerCase().replaceAll("_", "-"));
  }
});

test.each([
  ["/simple/https://ann:s3cret@edge.test/simple/"],
  ["/simple/https:/ann:s3cret@edge.test/simple/"],
  ["/simple/https%3A%2F%2Fann%3As3cret%40edge.test/"],
  ["/simple/https%253A%252F%252Fann%253As3cret%2540edge.test/"],
  ["/simple/https%3a//ann:s3cret%40edge.test/"],
  ["/simple//s3cret@edge.test/"],
  ["/simple/ann:s3cret@edge.test/"],
  ["/simple/https://ann:s3cret%2Fs3cret%40s3cret@edge.test/"],
  ["/simple/https://ann:s3cret?@edge.test/"],
])("the credentials of an address in a path are not shown: %s", (path) => {
  expect(redactPath(path)).not.toMatch(/s3cret/i);
  expect(redactPath(path)).toContain("edge.test");
});

test.each([
  "/simple/some-name/",
  "/files/files.pythonhosted.org/packages/aa/bb/demo-1.0%2Blocal-py3-none-any.whl",
  "/files/127.0.0.1:8080/demo-1.0.tar.gz",
  "/simple/%E2%80%AE/",
  "/simple/a%20b%0Ac/",
  "/simple/%",
])("what has no secret is shown as it was sent: %s", (path) => {
  expect(redactPath(path)).toBe(path);
});

test("unescaping makes neither line ends nor spaces", () => {
  expect(redactPath(`/simple/${TOKEN}/%0a%2520200%201%20ms`)).toBe(
    "/simple/pypi-edge_0123456789abcdef_…/%0a%20200%201%20ms",
  );
});

test("credentials whose end was cut off a long path are not shown", () => {
  const shown = redactPath(`/simple/https://ann:s3cret${"a".repeat(20_000)}@edge.test/`);
  expect(shown.length).toBeLessThan(2_100);
  expect(shown).not.toContain("s3cret");
});

test("the log has none of it either, at any length of the path", async () => {
  const lines: string[] = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void lines.push(args.map(String).join(" ")));
  }
  const rig = new Rig({ LOG: "requests" });
  rig.upstream.down = true;
  const paths = [
    `/simple/${escaped(TOKEN, 1)}/`,
    `/simple/${TOKEN}/`,
    `/simple/${TOKEN.toLowerCase().replaceAll("_", "-")}/`,
  ];
  for (const path of [...paths, `/simple/${"%2f".repeat(5_000)}${TOKEN}/`, `/simple/x/?token=${escaped(TOKEN, 1)}`]) {
    await rig.get(path);
  }
  expect(lines.length).toBeGreaterThan(4);
  expect(lines.join("\n").toLowerCase()).not.toContain(SECRET.slice(0, 10).toLowerCase());
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2_300);
});
