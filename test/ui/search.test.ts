import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { matchingNames, similarNames } from "../../worker/repository/name-search.ts";
import { DATABASE_AWAY } from "../support/away.ts";
import { host, OPEN_TEAM, READER, TEAM, teamOf } from "../support/hosted.ts";
import { POPULAR_NAMES } from "../support/popular-names.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

/** Names that resemble another, as they are made to be installed by mistake. */
const lookAlikes = (name: string) => [
  `${name}h`,
  name.slice(0, -1),
  `${name}-x`,
  `py${name}`,
  `${name.slice(0, -1)}0`,
  `my-${name}`,
];

function list(rig: Rig, names: readonly string[]): void {
  const listing = { meta: { "api-version": "1.1", "_last-serial": 7 }, projects: names.map((name) => ({ name })) };
  rig.upstream.on(FakeUpstream.INDEX, () => Response.json(listing, { headers: { "Content-Type": JSON_TYPE } }));
}

/** The names that a search finds, in order, and the page. */
async function found(rig: Rig, query: string, base = "", headers: Record<string, string> = {}) {
  const { status, text } = await rig
    .get(`${base}/search?q=${encodeURIComponent(query)}`, headers)
    .then((answer) => ({ status: answer.status, text: answer.text() }));
  const [, results = ""] = text.split('<ul class="plain results">');
  return { status, text, names: [...results.matchAll(/project\/([^/]+)\/">/g)].map(([, name]) => name) };
}

const forgetListings = async () => env.FILES.delete((await env.FILES.list()).objects.map(({ key }) => key));

const POPULAR_WITH_OTHERS = [...new Set(POPULAR_NAMES.flatMap((name) => [name, ...lookAlikes(name)]))];

let rig: Rig;
beforeEach(async () => {
  rig = new Rig(OPEN_TEAM);
  list(rig, ["aiohttp", "flask", "flask-cors", "http", "httpx", "myflask", "pytest-flask", "requests"]);
  await rig.get("/simple/");
});

describe("a search", () => {
  test("finds names by all of them, a beginning, a word, and a part, in that order of worth", async () => {
    expect((await found(rig, "flask")).names).toEqual(["flask", "pytest-flask", "flask-cors", "myflask"]);
    expect((await found(rig, "Flask_CORS")).names).toEqual(["flask-cors"]);
    expect((await found(rig, "http")).names).toEqual(["http", "httpx", "aiohttp"]);
    expect((await found(rig, "nothing-like-it")).text).toContain("Nothing in default has this in its name.");
    expect((await found(rig, "<script>")).text).toContain('value="&lt;script&gt;"');
  });

  test.each([
    "flask==3.0",
    "Flask[async]>=2,<4",
    "flask ; python_version < '3.12'",
    "flask @ https://acme.example/x.whl",
  ])("finds the project that the requirement %s names", async (requirement) => {
    expect((await found(rig, requirement)).names[0]).toBe("flask");
  });

  test("puts what is hosted first, then what clients asked for, then what is stored, and says where each is", async () => {
    await host("acme-flask", "acme_flask-1.0.tar.gz");
    for (const name of ["myflask", "pytest-flask"]) await rig.upstream.publish(name, []);
    await rig.get("/simple/myflask/");
    await rig.get("/team/simple/");
    const { names, text } = await found(rig, "flask", "/team");
    expect(names).toEqual(["flask", "acme-flask", "myflask", "pytest-flask", "flask-cors"]);
    expect(text).toMatch(
      /acme-flask<\/a> <span class="badge good">hosted here[^]*myflask<\/a> <span class="badge">kept here[^]*flask-cors<\/a> <span class="badge">upstream</,
    );
    const key = encodeURIComponent("https://upstream.test/simple/");
    await env.DB.prepare("INSERT INTO popularity (source, project, score) VALUES (?1, 'flask-cors', 9)")
      .bind(key)
      .run();
    expect((await found(rig, "flask")).names).toEqual(["flask", "flask-cors", "myflask", "pytest-flask"]);
  });

  test("finds each of two hundred popular names by its name, above all that resembles it", async () => {
    const names = `${POPULAR_WITH_OTHERS.join("\n")}\n`;
    for (const name of POPULAR_NAMES) {
      const exact = matchingNames(names, name).filter(({ kind }) => kind === "exact");
      expect(exact).toEqual([{ name, kind: "exact" }]);
    }
  });

  test("finds popular names that clients asked for above what resembles them, when the name is not typed to its end", async () => {
    const all = new Rig();
    await forgetListings();
    list(all, POPULAR_WITH_OTHERS);
    await all.get("/simple/");
    const key = encodeURIComponent("https://upstream.test/simple/");
    const asked = JSON.stringify(POPULAR_NAMES);
    await env.DB.prepare("INSERT INTO popularity (source, project, score) SELECT ?1, value, 5 FROM json_each(?2)")
      .bind(key, asked)
      .run();
    for (const name of POPULAR_NAMES.filter((each, at) => at % 8 === 0 && each.length > 4)) {
      const typed = name.slice(0, -1);
      const first = (await found(all, typed)).names.filter((each) => each !== typed).slice(0, 3);
      expect([typed, first]).toEqual([typed, expect.arrayContaining([name])]);
    }
  });

  test("finds a project that is newer than the listing, and stores nothing of it", async () => {
    await rig.upstream.publish("brand-new", []);
    expect((await found(rig, "brand-new")).names).toEqual(["brand-new"]);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM page").first()).toEqual({ n: 0 });
  });

  test("says where names are not known yet, has them fetched once, and finds what is kept until then", async () => {
    const fresh = new Rig(OPEN_TEAM, { deployment: crypto.randomUUID() });
    await forgetListings();
    list(fresh, ["flask", "flask-cors"]);
    await fresh.upstream.publish("flask", []);
    await fresh.get("/simple/flask/");
    const first = await found(fresh, "flask");
    expect([first.names, first.text]).toEqual([["flask"], expect.stringContaining("are not known here yet")]);
    expect((await found(fresh, "flask")).names).toEqual(["flask", "flask-cors"]);
    expect(fresh.upstream.requests.filter((request) => request.endsWith("/simple/"))).toHaveLength(1);
  });

  test("reads the names from memory the second time", async () => {
    await found(rig, "flask");
    rig.forget();
    await found(rig, "http");
    expect([rig.counts["r2.get"], rig.upstream.requests]).toEqual([1, []]);
  });
});

describe("what is not offered", () => {
  test("is said by its very name, with the reason, and never in a list", async () => {
    rig = new Rig({ ...teamOf({ policy: { deny: ["flask-*"] } }), RESERVED: ["acme-*"] });
    await rig.get("/team/simple/");
    expect((await found(rig, "flask", "/team")).names).toEqual(["flask", "pytest-flask", "myflask"]);
    const denied = await found(rig, "flask-cors", "/team");
    expect([denied.names, denied.text]).toEqual([
      [],
      expect.stringMatching(
        /flask-cors is not offered\.<\/b> [^<]*denies flask-\*\. The rule is `deny` in the configuration of team\. <a href="\.\.\/team\/-\/why\/flask-cors">/,
      ),
    ]);
    expect(denied.text).not.toContain("has this in its name");
    const reserved = await found(rig, "acme-secret");
    expect(reserved.text).toContain("The name acme-secret is reserved here");
    expect(rig.upstream.requests.filter((request) => /acme|flask-cors/.test(request))).toEqual([]);
  });

  test("is not told to those who may not read the index", async () => {
    await host("acme-flask", "acme_flask-1.0.tar.gz");
    rig = new Rig(TEAM);
    expect((await found(rig, "flask", "/team")).status).toBe(401);
    expect((await found(rig, "flask", "/team", READER)).names).toContain("acme-flask");
    const elsewhere = await found(rig, "acme f", "", READER);
    expect([elsewhere.names, elsewhere.text]).toEqual([
      [],
      expect.stringMatching(
        /Nothing in default has this[^]*<a href="\.\/team\/search\?q=acme%20f">Search in team<\/a><span class="soft">: 1 project hosted there</,
      ),
    ]);
    expect((await found(rig, "acme")).text).not.toContain("team");
    expect((await found(rig, "quite-another", "", READER)).text).toMatch(/Search in team<\/a><\/li>/);
    const { text } = await found(rig, "acme", "/team", READER);
    expect(text).toContain('<a href="../search?q=acme">Search in default</a>');
    expect(text).not.toContain("Search in team");
  });

  test("fails where it is not known what is hosted", async () => {
    const away = new Rig(OPEN_TEAM, { database: DATABASE_AWAY });
    expect((await found(away, "flask", "/team")).status).toBe(503);
  });
});

test("a project that does not exist has those beside it that were meant", async () => {
  await host("acme-tools", "acme_tools-1.0.tar.gz");
  const meant = async (path: string) =>
    [...((await rig.get(path)).text().split("Did you mean")[1] ?? "").matchAll(/project\/([^/]+)\/">/g)].map(
      ([, name]) => name,
    );
  expect(await meant("/project/reqeusts/")).toEqual(["requests"]);
  expect(await meant("/project/fask/")).toEqual(["flask"]);
  expect(await meant("/team/project/acme-tool/")).toEqual(["acme-tools"]);
  expect(await meant("/project/acme-tool/")).toEqual([]);
  expect(await meant("/project/quite-another/")).toEqual([]);
});

test("a project that does not exist is searched for in the other indexes that the reader may read", async () => {
  await host("acme-tools", "acme_tools-1.0.tar.gz");
  rig = new Rig(TEAM);
  const absent = await rig.get("/project/acme-tools/", READER);
  expect([absent.status, absent.text()]).toEqual([
    404,
    expect.stringContaining('<a href="../../team/search?q=acme-tools">Search in team</a>'),
  ]);
  expect(absent.text()).toContain("1 project hosted there");
  expect((await rig.get("/project/acme-tools/")).text()).not.toContain("team");
});

test("similar names are found among all, and a name is not similar to itself", () => {
  const names = `${POPULAR_NAMES.join("\n")}\n`;
  for (const name of POPULAR_NAMES.filter((each) => each.length > 4)) {
    const wrong = `${name.slice(0, 2)}${name.slice(3)}`;
    expect(POPULAR_NAMES.includes(wrong) ? [name] : similarNames(names, wrong)).toContain(name);
    expect(similarNames(names, name)).not.toContain(name);
  }
  expect(similarNames(names, "a".repeat(200))).toEqual([]);
  expect(similarNames(names, "num.*")).toEqual([]);
});
