import { describe, expect, test } from "vitest";
import { parseConfig, withUpstream } from "../../schema/config.ts";

const GOOD = {
  UPSTREAMS: {
    pypi: { url: "https://pypi.org/simple", files: "https://files.pythonhosted.org" },
    torch: { url: "https://download.pytorch.org/whl/cpu/", projects: ["torch*"] },
    shelf: { find_links: "http://10.0.0.5/wheels.html", credentials: "SHELF" },
  },
  INDEXES: { team: { sources: ["shelf", "pypi"] }, default: { sources: ["torch", "pypi"] } },
  RESERVED: ["acme-*"],
  TRUSTED: [],
  AUDIENCE: "pypi.example",
  PAGE_TTL: "600",
  FEED: true,
  POPULAR: 50,
  SEED: ["Pip"],
  QUOTA: 100,
  DATABASE_GRACE: "20",
  ADMIN_TOKEN: "0123456789abcdef",
  PUBLIC_URL: "https://pypi.example/",
  LOG: "requests",
  SHELF: "reader:s3cret",
};

test("the configuration is read into the units that the code uses, the default index first", () => {
  const mirror = {
    isComplete: false,
    requestsPerSecond: 10,
    maxDependencies: 2_000,
    maxDependencyBytes: 100e9,
    filters: { prereleases: true, yanked: true },
  };
  const pypi = {
    mirror,
    name: "pypi",
    kind: "simple",
    url: new URL("https://pypi.org/simple/"),
    files: new URL("https://files.pythonhosted.org/"),
  };
  const torch = {
    mirror,
    name: "torch",
    kind: "simple",
    url: new URL("https://download.pytorch.org/whl/cpu/"),
    files: new URL("https://download.pytorch.org/"),
    projects: ["torch*"],
  };
  const shelf = {
    mirror,
    name: "shelf",
    kind: "find-links",
    url: new URL("http://10.0.0.5/wheels.html"),
    files: new URL("http://10.0.0.5/"),
    credentials: "reader:s3cret",
  };
  const plain = { overlays: [], policies: [], hosted: false, volatile: false, isPrivate: false };
  expect(parseConfig({ ...GOOD, OTHER: 1 })).toEqual({
    indexes: [
      { name: "default", base: "", upstreams: [torch, pypi], ...plain },
      { name: "team", base: "/team", upstreams: [shelf, pypi], ...plain },
    ],
    reserved: ["acme-*"],
    trusted: [],
    audience: "pypi.example",
    receivers: [],
    pageTtl: 600_000,
    feed: true,
    popular: 50,
    seed: ["pip"],
    quota: 100_000_000_000,
    freeSpace: 1_000_000_000,
    databaseGrace: 20_000,
    prefetchUpTo: 5_000_000,
    bytesADay: 20_000_000_000,
    adminTokens: ["0123456789abcdef"],
    publicUrl: "https://pypi.example",
    openMetrics: false,
    logFormat: "json",
    logRequests: true,
  });
});

test("an index over another has its upstreams, and what it hosts; a hosted one needs a token to be read", () => {
  const INDEXES = {
    default: { sources: ["pypi"] },
    team: { sources: ["staging", "default", "torch"], hosted: true, merge: ["numpy"] },
    staging: { sources: [], hosted: true, volatile: true },
    shared: { sources: ["default"], hosted: true, read: "anyone" },
    closed: { sources: ["default"], read: "token" },
  };
  const { indexes } = parseConfig({ ...GOOD, INDEXES });
  const shown = indexes.map(({ name, overlays, upstreams, isPrivate }) => [
    name,
    overlays.map(({ index }) => index),
    upstreams.map((upstream) => upstream.name),
    isPrivate,
  ]);
  expect(shown).toEqual([
    ["default", [], ["pypi"], false],
    ["team", ["team", "staging"], ["pypi", "torch"], true],
    ["staging", ["staging"], [], true],
    ["shared", ["shared"], ["pypi"], false],
    ["closed", [], ["pypi"], true],
  ]);
  expect(indexes[1]?.overlays[0]).toEqual({ index: "team", merge: ["numpy"] });
  expect(indexes[2]).toMatchObject({ hosted: true, volatile: true });
});

describe("a wrong configuration is an error that names the key", () => {
  const pypi = (it: Record<string, unknown>) => ({ UPSTREAMS: { pypi: it } });
  const url = "https://pypi.org/simple/";
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["an address without a scheme", pypi({ url: "pypi.org" }), /UPSTREAMS\.pypi\.url: an address such as/],
    ["another protocol", pypi({ url: "ftp://pypi.org/simple/" }), /UPSTREAMS\.pypi\.url: an address such as/],
    ["plain http on a public host", pypi({ url: "http://pypi.org/simple/" }), /UPSTREAMS\.pypi\.url: plain http/],
    ["a password in the open", pypi({ url: "https://u:p@pypi.org/simple/" }), /UPSTREAMS\.pypi\.url: no credentials/],
    ["a query", pypi({ url: "https://pypi.org/simple/?x=1" }), /UPSTREAMS\.pypi\.url: no credentials, query/],
    ["a long address", pypi({ url: `https://pypi.org/${"x".repeat(200)}/` }), /UPSTREAMS\.pypi\.url: at most 200/],
    ["no address", pypi({}), /UPSTREAMS\.pypi: must have one of url, .* find_links/],
    ["two addresses", pypi({ url, find_links: url }), /UPSTREAMS\.pypi: must have one of url/],
    ["a number for an address", pypi({ url: 7 }), /UPSTREAMS\.pypi\.url: must be a string/],
    ["text for projects", pypi({ url, projects: "torch" }), /UPSTREAMS\.pypi\.projects: must be an array:/],
    ["text for an upstream", { UPSTREAMS: { pypi: url } }, /UPSTREAMS\.pypi: must be a table:/],
    ["text for all upstreams", { UPSTREAMS: url }, /UPSTREAMS: must be a table:/],
    ["a misspelt key", pypi({ url, file: url }), /UPSTREAMS\.pypi\.file: is not known/],
    ["a pattern that no name can match", pypi({ url, projects: ["torch/*"] }), /UPSTREAMS\.pypi\.projects\.0: must be/],
    [
      "a pattern that ends between words",
      pypi({ url, projects: ["torch-"] }),
      /UPSTREAMS\.pypi\.projects\.0: must begin/,
    ],
    ["a pattern that begins between words", pypi({ url, projects: ["*", "_x*"] }), /\.projects\.1: must begin and end/],
    ["a pattern of nothing but a hyphen", pypi({ url, projects: ["-"] }), /\.projects\.0: must begin and end/],
    ["a pattern of nothing but a dot", pypi({ url, projects: ["."] }), /\.projects\.0: must begin and end/],
    ["an empty pattern", pypi({ url, projects: [""] }), /\.projects\.0: must be project names/],
    ["a claim to nothing", pypi({ url, projects: [] }), /UPSTREAMS\.pypi\.projects: must name at least one/],
    [
      "a secret that is not set",
      pypi({ url, credentials: "NONE" }),
      /UPSTREAMS\.pypi\.credentials: there is no secret NONE/,
    ],
    ["a secret of another form", pypi({ url, credentials: "LOG" }), /UPSTREAMS\.pypi\.credentials: .*user:password/],
    ["an upstream's name with a slash", { UPSTREAMS: { "a/b": { url } } }, /UPSTREAMS\.a\/b: the name must be/],
    [
      "one address under two names",
      { UPSTREAMS: { ...GOOD.UPSTREAMS, again: { url } } },
      /UPSTREAMS\.again: has the same address as UPSTREAMS\.pypi/,
    ],
    ["a grace of more than a minute", { DATABASE_GRACE: 61 }, /DATABASE_GRACE: must be at most 60 seconds/],
    [
      "an index over what is not there",
      { INDEXES: { default: { sources: ["pipy"] } } },
      /INDEXES\.default\.sources: there is neither UPSTREAMS\.pipy nor INDEXES\.pipy/,
    ],
    [
      "an index over nothing",
      { INDEXES: { default: { sources: [] } } },
      /INDEXES\.default: must have sources, or be hosted/,
    ],
    [
      "an index that names a source twice",
      { INDEXES: { default: { sources: ["pypi", "pypi"] } } },
      /INDEXES\.default\.sources: names one twice/,
    ],
    ["an index without sources", { INDEXES: { default: {} } }, /INDEXES\.default\.sources: must be given[;.]/],
    [
      "an index that has itself",
      { INDEXES: { default: { sources: ["team"] }, team: { sources: ["default"] } } },
      /INDEXES\.team\.sources: default has team has default, which leads in a circle/,
    ],
    [
      "an index for anyone over one that needs a token",
      { INDEXES: { default: { sources: ["team"] }, team: { sources: [], hosted: true } } },
      /INDEXES\.default\.sources: anyone may read default, and team needs a token/,
    ],
    [
      "merging where nothing is hosted",
      { INDEXES: { default: { sources: ["pypi"], merge: ["numpy"] } } },
      /INDEXES\.default: merge, volatile and keep are for an index with hosted = true/,
    ],
    [
      "another way to read",
      { INDEXES: { default: { sources: ["pypi"], read: "me" } } },
      /INDEXES\.default\.read: must be "anyone" or "token"/,
    ],
    ["reserved names that are none", { RESERVED: ["acme/*"] }, /RESERVED\.0: must be project names/],
    [
      "a rule for an index that is not there",
      { TRUSTED: [{ issuer: "https://ci.example", claims: { sub: "x" }, index: "prod", scopes: ["read"] }] },
      /TRUSTED\.0\.index: there is no INDEXES\.prod/,
    ],
    [
      "a rule for whoever there is",
      { TRUSTED: [{ issuer: "https://ci.example", claims: {}, index: "team", scopes: ["read"] }] },
      /TRUSTED\.0\.claims: must name at least one claim/,
    ],
    [
      "rules and no audience of tokens",
      {
        TRUSTED: [{ issuer: "https://ci.example", claims: { sub: "x" }, index: "team", scopes: ["read"] }],
        AUDIENCE: "",
      },
      /AUDIENCE: must be given where there are TRUSTED rules/,
    ],
    ["no default index", { INDEXES: { team: { sources: ["pypi"] } } }, /INDEXES\.default: is missing/],
    [
      "an index called like a route",
      { INDEXES: { simple: { sources: ["pypi"] } } },
      /INDEXES\.simple: the name is or will be an address/,
    ],
    ...["search", "project"].map((name): [string, Record<string, unknown>, RegExp] => [
      `an index called ${name}`,
      { INDEXES: { ...GOOD.INDEXES, [name]: { sources: ["pypi"] } } },
      new RegExp(String.raw`INDEXES\.${name}: the name is or will be an address of the default index`),
    ]),
    ...["-", "-x", "_", "@main", "@"].map((name): [string, Record<string, unknown>, RegExp] => [
      `an index called ${name}`,
      { INDEXES: { ...GOOD.INDEXES, [name]: { sources: ["pypi"] } } },
      new RegExp(String.raw`INDEXES\.${name}: the name must not begin with "-", "_" or "@": [^;]+\.$`),
    ]),
    ["other readers of the figures", { METRICS: true }, /METRICS: must be "token" or "open"/],
    ["no indexes", { INDEXES: undefined }, /INDEXES: must be given[;.]/],
    ["no upstreams", { UPSTREAMS: undefined }, /UPSTREAMS: must be given[;.]/],
    ["no lifetime", { PAGE_TTL: undefined }, /PAGE_TTL: must be given[;.]/],
    ["no log", { LOG: undefined }, /LOG: must be given[;.]/],
    ["a lifetime in words", { PAGE_TTL: "ten" }, /PAGE_TTL: must be a whole number/],
    ["a negative lifetime", { PAGE_TTL: "-1" }, /PAGE_TTL: must be a whole number/],
    ["a lifetime with a fraction", { PAGE_TTL: 1.5 }, /PAGE_TTL: must be a whole number/],
    ["a lifetime below zero", { PAGE_TTL: -1 }, /PAGE_TTL: must be a whole number/],
    ["a lifetime that is no number", { PAGE_TTL: true }, /PAGE_TTL: must be a whole number/],
    ["a public address without a scheme", { PUBLIC_URL: "pypi.example" }, /PUBLIC_URL: an address such as/],
    ["a public address of a file server", { PUBLIC_URL: "ftp://pypi.example/" }, /PUBLIC_URL: an address such as/],
    ["a public address that is a script", { PUBLIC_URL: "javascript:alert(1)" }, /PUBLIC_URL: an address such as/],
    ["a public address with a query", { PUBLIC_URL: "https://pypi.example/?a=b" }, /PUBLIC_URL: no credentials, query/],
    ["a public address with a password", { PUBLIC_URL: "https://u:p@pypi.example/" }, /PUBLIC_URL: no credentials/],
    [
      "an index for the public address",
      { PUBLIC_URL: "https://pypi.example/simple/" },
      /PUBLIC_URL: the root is expected, without \/simple\/ or \/legacy\/ at its end/,
    ],
    ["a number for the public address", { PUBLIC_URL: 7 }, /PUBLIC_URL: must be a string/],
    ["a word for the feed", { FEED: "yes" }, /FEED: must be true or false[;.]/],
    ["no feed", { FEED: undefined }, /FEED: must be given[;.]/],
    ["a short second admin token", { ADMIN_TOKEN_2: "0123456789" }, /the secret ADMIN_TOKEN_2: must be at least 16/],
    ["a short admin token", { ADMIN_TOKEN: "0123456789" }, /the secret ADMIN_TOKEN: must be at least 16 characters/],
    ["an admin token with a blank", { ADMIN_TOKEN: "0123456789 abcdef" }, /ADMIN_TOKEN: .*digits and signs of ASCII/],
    ["an admin token with an accent", { ADMIN_TOKEN: "0123456789abcdéf" }, /ADMIN_TOKEN: .*digits and signs of ASCII/],
    [
      "an admin token with a line end",
      { ADMIN_TOKEN: "0123456789abcdef\n" },
      /ADMIN_TOKEN: .*digits and signs of ASCII/,
    ],
    ["an admin token that is no text", { ADMIN_TOKEN: 1_234_567_890_123_456 }, /ADMIN_TOKEN: must be at least 16/],
    ["another log", { LOG: "all" }, /LOG: must be "requests" or "problems"/],
    ["another form of log", { LOG_FORMAT: "xml" }, /LOG_FORMAT: must be "json" or "text"/],
  ])("%s", (_what, change, message) => {
    expect(() => parseConfig({ ...GOOD, ...change })).toThrow(message);
  });

  test("and all of them are named at once", () => {
    expect(() => parseConfig({ ...GOOD, LOG: "all", PAGE_TTL: "ten" })).toThrow(
      /^The configuration is wrong: PAGE_TTL: .+; LOG: .+\.$/,
    );
  });
});

test("a lifetime may be a number or a string, a public address plain http and without an end", () => {
  const parsed = parseConfig({ ...GOOD, PAGE_TTL: 60, PUBLIC_URL: "http://PyPI.example:8080?" });
  expect([parsed.pageTtl, parsed.publicUrl]).toEqual([60_000, "http://pypi.example:8080"]);
  expect(parseConfig({ ...GOOD, PAGE_TTL: 0, PUBLIC_URL: "" })).toMatchObject({ pageTtl: 0, publicUrl: "" });
});

test("metrics need a token that may read every index, unless METRICS is open", () => {
  expect(["token", "open"].map((METRICS) => parseConfig({ ...GOOD, METRICS }).openMetrics)).toEqual([false, true]);
});

test("patterns may end in any characters", () => {
  const projects = ["torch-*", "*", "*-cu12", "Torch_Vision"];
  const pypi = { url: "https://pypi.org/simple/", projects };
  expect(parseConfig({ ...GOOD, UPSTREAMS: { ...GOOD.UPSTREAMS, pypi } }).indexes[0].upstreams[1]).toMatchObject({
    projects,
  });
});

test("a default index over an upstream that is not there is not called missing as well", () => {
  const acme = { url: "https://pypi.acme.example/simple/" };
  expect(() => parseConfig({ ...GOOD, UPSTREAMS: { acme }, INDEXES: { default: { sources: ["pypi"] } } })).toThrow(
    /^The configuration is wrong: INDEXES\.default\.sources: there is neither UPSTREAMS\.pypi nor INDEXES\.pypi\.$/,
  );
});

test("--upstream replaces the last upstream of the default index, and nothing else", () => {
  const replaced = parseConfig(withUpstream(GOOD, new URL("http://127.0.0.1:9000/simple/")));
  expect(replaced.indexes.map(({ upstreams }) => upstreams.map(({ url }) => url.href))).toEqual([
    ["https://download.pytorch.org/whl/cpu/", "http://127.0.0.1:9000/simple/"],
    ["http://10.0.0.5/wheels.html", "http://127.0.0.1:9000/simple/"],
  ]);
  expect(replaced.indexes[0].upstreams[1]?.files.href).toBe("http://127.0.0.1:9000/");
});

test("--upstream leaves how the upstream is mirrored", () => {
  const pypi = { url: "https://pypi.org/simple/", mirror: { serve: "complete", filters: { latest: 2 } } };
  const variables = { ...GOOD, UPSTREAMS: { ...GOOD.UPSTREAMS, pypi } };
  const [main] = parseConfig(withUpstream(variables, new URL("http://127.0.0.1:9000/simple/"))).indexes;
  expect(main.upstreams[1]?.mirror).toMatchObject({ isComplete: true, filters: { latest: 2 } });
});

test.each<[mirror: object, fault: RegExp]>([
  [{ serve: "all" }, /mirror\.serve: must be "through" or "complete"/],
  [{ max_requests_per_second: 0 }, /mirror\.max_requests_per_second: must be a number from 0\.01 to 1000/],
  [{ filters: { latest: 0 } }, /filters\.latest: must be a whole number of releases/],
  [{ filters: { exclude: ["("] } }, /filters\.exclude\.0: must be regular expressions/],
  [{ filters: { pythons: ["2.7"] } }, /filters\.pythons\.0: must be versions of CPython 3/],
  [{ filters: { platforms: ["linux_amd64"] } }, /filters\.platforms\.0: must be platform tags/],
  [{ filters: { max_file: "5 GB" } }, /filters\.max_file: must be a size/],
  [{ filters: { newest: 3 } }, /filters\.newest: is not known/],
])("a mirror %j is refused", (mirror, fault) => {
  const pypi = { url: "https://pypi.org/simple/", mirror };
  expect(() => parseConfig({ ...GOOD, UPSTREAMS: { ...GOOD.UPSTREAMS, pypi } })).toThrow(fault);
});

test("--upstream leaves an upstream that claims names alone, wherever it stands", () => {
  const variables = { ...GOOD, INDEXES: { default: { sources: ["shelf", "pypi", "torch"] } } };
  const [main] = parseConfig(withUpstream(variables, new URL("http://127.0.0.1:9000/simple/"))).indexes;
  expect(main.upstreams.map(({ url, projects }) => [url.href, projects])).toEqual([
    ["http://10.0.0.5/wheels.html", undefined],
    ["http://127.0.0.1:9000/simple/", undefined],
    ["https://download.pytorch.org/whl/cpu/", ["torch*"]],
  ]);
});

test("--upstream has nothing to replace where every upstream of the default index claims names", () => {
  const variables = { ...GOOD, INDEXES: { default: { sources: ["torch"] } } };
  expect(() => withUpstream(variables, new URL("http://127.0.0.1:9000/simple/"))).toThrow(
    /^--upstream replaces the last source of INDEXES\.default without "projects" that is not offline, and there is none\.$/,
  );
});

test.each<Record<string, unknown>>([
  { UPSTREAMS: 7 },
  { INDEXES: { default: { sources: "pypi" } } },
  { INDEXES: { default: { sources: [] } } },
])("--upstream leaves it to the reading of the configuration to say that %j is wrong", (change) => {
  const variables = withUpstream<unknown>({ ...GOOD, ...change }, new URL("http://127.0.0.1:9000/simple/"));
  expect(() => parseConfig(variables)).toThrow(/^The configuration is wrong: (UPSTREAMS|INDEXES)/);
});
