import { describe, expect, test } from "vitest";
import { inBatches } from "../../worker/repository/list-shapes.ts";
import { ProjectList } from "../../worker/repository/project-list.ts";
import { mergeListings } from "../../worker/layers/merge-listings.ts";
import type { Repository } from "../../worker/repository/repository.ts";
import { JSON_TYPE, Rig, VARS, type PageJson } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";
import type { Context } from "../../worker/repository/context.ts";

const CONTEXT: Context = { now: 0, defer: () => undefined, report: () => undefined };
const unasked = () => Promise.reject(new Error("not asked for"));
const NOTHING: Repository = {
  projects: unasked,
  project: unasked,
  file: unasked,
  document: unasked,
  hostedFiles: unasked,
};
const TEAM = "https://upstream.test/team/simple/";
const MINUTE = 60_000;

/** An index whose first upstream is the team's own, and whose second is public; and one of the public upstream alone. */
function rigOfTwo(claims?: string[]) {
  return new Rig({
    UPSTREAMS: { team: { url: TEAM, ...(claims && { projects: claims }) }, ...VARS.UPSTREAMS },
    INDEXES: { default: { sources: ["team", "pypi"] }, public: { sources: ["pypi"] } },
  });
}

const SHA256_OF_T = "e632b7095b0bf32c260fa4c539e9fd7b852d0de454e9be26f24d0d6f91d069d3";

/** It says all that a page can, so that nothing is looked up for it. */
const file = (filename: string, url: string) => ({
  filename,
  url,
  hashes: { sha256: SHA256_OF_T },
  size: 1,
  "upload-time": "2026-01-02T03:04:05Z",
});
const teamUrl = (filename: string) => `https://files.upstream.test/team/${filename}`;

/** The team's upstream has this project with this file, of the byte 84 (`T`). */
function ownedByTeam(rig: Rig, project: string, filename: string) {
  rig.upstream.on(`${TEAM}${project}/`, () =>
    Response.json({ meta: {}, name: project, versions: [], files: [file(filename, teamUrl(filename))] }),
  );
  rig.upstream.on(teamUrl(filename), () => new Response("T"));
}

const failing = (rig: Rig, project: string) =>
  rig.upstream.on(`${TEAM}${project}/`, () => new Response("no", { status: 500 }));

const publish = (rig: Rig, project: string, filename = `${project}-1.0.tar.gz`) =>
  rig.upstream.publish(project, [{ filename, bytes: new TextEncoder().encode("P") }]);

const urls = (page: { json: PageJson | undefined }) => page.json?.files.map(({ url }) => url);
const asked = (rig: Rig, start: string) => rig.upstream.requests.filter((line) => line.startsWith(`GET ${start}`));
const TEAM_DEMO = "/files/files.upstream.test/team/demo-9.0.tar.gz";
const PUBLIC_DEMO = "/files/files.upstream.test/packages/demo-1.0.tar.gz";

describe("an index of two upstreams", () => {
  test("serves a name that both have from the first alone, pages and files alike", async () => {
    const rig = rigOfTwo();
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    await publish(rig, "demo");
    expect(urls(await rig.page("demo"))).toEqual([`../..${TEAM_DEMO}`]);
    expect((await rig.get(TEAM_DEMO)).text()).toBe("T");
    const refused = await rig.get(PUBLIC_DEMO);
    expect([refused.status, refused.text()]).toEqual([404, expect.stringContaining("The page of demo does not list")]);
    expect(asked(rig, FakeUpstream.INDEX)).toEqual([]);
    expect(asked(rig, FakeUpstream.FILES)).toEqual([]);
  });

  test("no longer serves a file of the second once the first has taken the name", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    expect((await rig.get(PUBLIC_DEMO)).text()).toBe("P");
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    rig.wait(MINUTE);
    expect((await rig.get(PUBLIC_DEMO)).status).toBe(404);
    expect(urls(await rig.page("demo"))).toEqual([`../..${TEAM_DEMO}`]);
  });

  test("serves a name that only the second has from there, and asks the first again after a minute", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    expect((await rig.page("demo")).status).toBe(200);
    expect((await rig.get(PUBLIC_DEMO)).text()).toBe("P");
    rig.forget();
    await rig.page("demo");
    expect(rig.upstream.requests).toEqual([]);
    rig.wait(MINUTE);
    await rig.page("demo");
    expect(rig.upstream.requests).toEqual([`GET ${TEAM}demo/`]);
  });

  test("says that a name is absent where neither has it", async () => {
    const rig = rigOfTwo();
    expect((await rig.page("demo")).status).toBe(404);
    expect((await rig.get(PUBLIC_DEMO)).status).toBe(404);
  });

  test("answers 503 where the first fails and the name was never served, and does not ask the second", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    failing(rig, "demo");
    expect((await rig.page("demo")).status).toBe(503);
    expect((await rig.get(PUBLIC_DEMO)).status).toBe(503);
    expect(rig.upstream.requests.filter((line) => !line.includes("/team/"))).toEqual([]);
  });

  test("serves a name of the second for another hour, then answers 503", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    await rig.page("demo");
    await rig.get(PUBLIC_DEMO);
    failing(rig, "demo");
    rig.restart();
    rig.wait(59 * MINUTE);
    expect((await rig.page("demo")).status).toBe(200);
    expect((await rig.get(PUBLIC_DEMO)).text()).toBe("P");
    rig.wait(2 * MINUTE);
    expect((await rig.page("demo")).status).toBe(503);
    expect((await rig.get(PUBLIC_DEMO)).status).toBe(503);
  });

  test("does not serve a name from the second that the first has had since", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    await rig.page("demo");
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    rig.wait(2 * MINUTE);
    await rig.page("demo");
    failing(rig, "demo");
    rig.restart();
    rig.wait(20 * MINUTE);
    // Its stored page stands in for it.
    expect(urls(await rig.page("demo"))).toEqual([`../..${TEAM_DEMO}`]);
    rig.restart();
    rig.breakOnce("kv.getWithMetadata");
    expect((await rig.page("demo")).status).toBe(503);
    rig.breakOnce("kv.getWithMetadata");
    rig.breakOnce("d1.prepare");
    expect((await rig.page("demo")).status).toBe(503);
  });

  test.each(["kv.put", "d1.prepare"])(
    "answers 503, never the second's package, where %s failed when the first took the name, and it fails now",
    async (operation) => {
      const rig = rigOfTwo();
      await publish(rig, "demo");
      await rig.page("demo");
      await rig.get(PUBLIC_DEMO);
      ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
      rig.wait(2 * MINUTE);
      rig.breakOnce(operation);
      expect(urls(await rig.page("demo"))).toEqual([`../..${TEAM_DEMO}`]);
      failing(rig, "demo");
      rig.restart();
      rig.breakOnce("kv.getWithMetadata");
      rig.wait(2 * MINUTE);
      expect((await rig.page("demo")).status).toBe(503);
      expect((await rig.get(PUBLIC_DEMO)).status).toBe(503);
    },
  );

  test("answers 503, never the second's package, where the store fails for a second while the first is away", async () => {
    const rig = rigOfTwo();
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    await publish(rig, "demo");
    await rig.page("demo");
    rig.restart();
    failing(rig, "demo");
    rig.breakOnce("kv.getWithMetadata");
    const during = await rig.page("demo");
    expect([during.status, during.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(asked(rig, FakeUpstream.INDEX)).toEqual([]);
    expect(urls(await rig.page("demo"))).toEqual([`../..${TEAM_DEMO}`]);
  });

  test("serves a file from the second for another hour that was installed from a lock file without its page", async () => {
    const rig = rigOfTwo();
    await publish(rig, "demo");
    expect((await rig.get(PUBLIC_DEMO)).text()).toBe("P");
    failing(rig, "demo");
    rig.restart();
    rig.wait(2 * MINUTE);
    expect((await rig.get(PUBLIC_DEMO)).text()).toBe("P");
  });

  test("serves no file of the second's that only the fourth reading of its name gives to the first's project", async () => {
    const rig = rigOfTwo();
    const filename = "foo-1-2-3-4.tar.gz";
    ownedByTeam(rig, "foo", "foo-9.0.tar.gz");
    await publish(rig, "foo", filename);
    await rig.get("/public/simple/foo/", { Accept: JSON_TYPE });
    expect((await rig.get(`/files/files.upstream.test/packages/${filename}`)).status).toBe(404);
  });

  test("tells apart projects whose filenames could be either's", async () => {
    const rig = rigOfTwo();
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    await publish(rig, "demo-2", "demo-2-1.0.tar.gz");
    expect((await rig.get("/files/files.upstream.test/packages/demo-2-1.0.tar.gz")).text()).toBe("P");
  });

  test("lists the names of both, each once, those of the first first", async () => {
    const rig = rigOfTwo();
    const listing = (names: string[]) => () =>
      Response.json(
        { meta: {}, projects: names.map((name) => ({ name })) },
        { headers: { "X-PyPI-Last-Serial": "9" } },
      );
    rig.upstream.on(TEAM, listing(["ours", "both"]));
    rig.upstream.on(FakeUpstream.INDEX, listing(["both", "theirs"]));
    const { headers, text } = await rig.get("/simple/", { Accept: JSON_TYPE });
    expect(JSON.parse(text())).toMatchObject({ projects: [{ name: "ours" }, { name: "both" }, { name: "theirs" }] });
    expect(headers.get("X-PyPI-Last-Serial")).toBe(`${rig.now}`);
    expect((await rig.get("/simple/")).text().match(/href="[^"]+"/g)).toEqual([
      'href="ours/"',
      'href="both/"',
      'href="theirs/"',
    ]);
  });

  test("lists times for serials, because two sources count differently: when a change was first seen, else every ten minutes", async () => {
    const rig = rigOfTwo();
    const listing = (name: string, meta: object) => () =>
      Response.json({ meta, projects: [{ name, "_last-serial": 5 }] });
    rig.upstream.on(TEAM, listing("ours", {}));
    rig.upstream.on(FakeUpstream.INDEX, listing("theirs", { "_last-serial": 6 }));
    const serials = async () => {
      const { projects } = JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as {
        projects: { "_last-serial": number }[];
      };
      return projects.map((project) => project["_last-serial"] - began);
    };
    const began = rig.now;
    rig.wait(61_000);
    expect(await serials()).toEqual([0, 61_000]);
    rig.wait(599_000);
    expect(await serials()).toEqual([600_000, 61_000]);
    // As long as a page may be served that was found current before.
    rig.wait(61_000);
    expect(await serials()).toEqual([600_000, 721_000]);
  });

  test("cancels the listings of both where the body is not read, and has an ETag that depends on its claims", async () => {
    const cancelled: string[] = [];
    const listing = (name: string) => () => Response.json({ meta: {}, projects: [{ name }] });
    const etagOf = async (rig: Rig) => {
      rig.upstream.on(TEAM, listing("ours"));
      rig.upstream.on(FakeUpstream.INDEX, listing("theirs"));
      await rig.get("/simple/", { Accept: JSON_TYPE });
      return (await rig.get("/simple/", { Accept: JSON_TYPE }, "HEAD")).headers.get("ETag");
    };
    expect(await etagOf(rigOfTwo())).not.toBe(await etagOf(rigOfTwo(["torch*"])));
    const head = { digest: "x", changedAt: 0, validators: {} };
    const part = (what: string) => {
      const giveUp = async () => void cancelled.push(what);
      const list = ProjectList.of(head, inBatches([]), giveUp, "r2", CONTEXT);
      return { repository: { ...NOTHING, projects: async () => list }, has: () => true };
    };
    const merged = await mergeListings([part("one"), part("two")], "", CONTEXT);
    await merged.cancel();
    expect(cancelled).toEqual(["one", "two"]);
  });

  test("has no root listing while one of them has none: a shorter one would say that names are gone", async () => {
    const rig = rigOfTwo();
    rig.upstream.on(FakeUpstream.INDEX, () => Response.json({ meta: {}, projects: [{ name: "theirs" }] }));
    expect((await rig.get("/simple/", { Accept: JSON_TYPE })).status).toBe(503);
  });
});

describe("names that an upstream claims", () => {
  test.each(["torch", "torchvision", "Torch_Audio"])("%s comes from there alone", async (name) => {
    const rig = rigOfTwo(["torch*"]);
    await publish(rig, name.toLowerCase().replace("_", "-"));
    expect((await rig.page(name.toLowerCase().replace("_", "-"))).status).toBe(404);
    expect(asked(rig, FakeUpstream.INDEX)).toEqual([]);
  });

  test("are all that comes from there", async () => {
    const rig = rigOfTwo(["torch*"]);
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    await publish(rig, "demo");
    expect(urls(await rig.page("demo"))).toEqual([`../..${PUBLIC_DEMO}`]);
    expect((await rig.get(TEAM_DEMO)).status).toBe(404);
    expect(asked(rig, "https://upstream.test/team/")).toEqual([]);
  });

  test("cost nothing for the others, and theirs cost the second nothing", async () => {
    const rig = rigOfTwo(["torch*"]);
    await publish(rig, "demo");
    await rig.page("demo");
    rig.restart();
    rig.forget();
    await rig.page("demo");
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1 });
  });
});

describe("an index with a name", () => {
  test("has its own addresses, and shares what is stored with the others over the same upstream", async () => {
    const rig = rigOfTwo();
    ownedByTeam(rig, "demo", "demo-9.0.tar.gz");
    await publish(rig, "demo");
    const page = await rig.get("/public/simple/demo/", { Accept: JSON_TYPE });
    expect(JSON.parse(page.text())).toMatchObject({ files: [{ url: `../..${PUBLIC_DEMO}` }] });
    expect((await rig.get(`/public${PUBLIC_DEMO}`)).text()).toBe("P");
    expect((await rig.get(`/public${TEAM_DEMO}`)).status).toBe(404);
    expect((await rig.get("/other/simple/demo/")).status).toBe(404);
  });

  test.each([
    ["/public/simple/Demo_Thing", "../../public/simple/demo-thing/"],
    ["/public/simple//demo/", "../../../../public/simple/demo/"],
    ["/public/simple", "../public/simple/"],
  ])("redirects %s within itself", async (path, location) => {
    const { status, headers } = await rigOfTwo().get(path);
    expect([status, headers.get("Location")]).toEqual([302, location]);
  });

  test("has a page for a person with its own address on it", async () => {
    const { status, text } = await rigOfTwo().get("/public/");
    expect(status).toBe(200);
    expect(text()).toContain("https://edge.test/public/simple/");
  });
});
