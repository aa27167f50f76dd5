import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { FollowedRig, pageUrl } from "../support/followed.ts";
import { resize } from "../support/swept.ts";
import { ask, errorsOf, mirrored, statusOf, stored, wheel } from "../support/mirrored.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const MINUTE = 60_000;
const GB = 1_000_000_000;
const DAY = 24 * 60 * MINUTE;

/** Offers a root listing of these names. */
const list = (rig: Rig, ...names: string[]) =>
  rig.upstream.on(FakeUpstream.INDEX, () =>
    Response.json(
      { meta: { "api-version": "1.1" }, projects: names.map((name) => ({ name })) },
      { headers: { "Content-Type": JSON_TYPE } },
    ),
  );

describe("the first fill", () => {
  test("stores the files and metadata of what is listed before anyone asks, and of nothing else", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
    await rig.upstream.publish("other", [wheel("other")]);
    await mirrored(rig, "Demo");
    expect(await stored()).toEqual([
      "demo-1.0-py3-none-any.whl",
      "demo-2.0-py3-none-any.whl",
      "metadata of demo-1.0-py3-none-any.whl",
      "metadata of demo-2.0-py3-none-any.whl",
    ]);
    expect(await statusOf(rig)).toMatchObject({ projects: 1, files: 2, missing: 0, errors: 0, due: 0, isIdle: true });
    rig.upstream.down = true;
    expect((await rig.get("/files/files.upstream.test/packages/demo-2.0-py3-none-any.whl")).status).toBe(200);
  });

  test("asks for what is stored again not at all", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo")]);
    await mirrored(rig, "demo");
    rig.forget();
    await ask(rig, "run", {});
    await rig.deliverMirrors();
    expect(rig.upstream.requests).toEqual([`GET ${pageUrl("demo")}`]);
    expect(rig.counts["r2.put"]).toBeUndefined();
  });

  test("takes the versions that entries ask for, together", async () => {
    const rig = new Rig();
    const versions = ["1.0", "2.0", "3.0"].map((version) => wheel("demo", version));
    await rig.upstream.publish("demo", versions);
    await mirrored(rig, "demo==1.0", "de*>=3");
    expect((await stored()).filter((name) => !name.startsWith("metadata"))).toEqual([
      "demo-1.0-py3-none-any.whl",
      "demo-3.0-py3-none-any.whl",
    ]);
  });

  test("by a pattern, finds the projects in the root listing", async () => {
    const rig = new Rig();
    list(rig, "acme-one", "acme-two", "other");
    for (const name of ["acme-one", "acme-two", "other"]) await rig.upstream.publish(name, [wheel(name)]);
    await mirrored(rig, "acme_*");
    expect((await stored()).filter((name) => !name.startsWith("metadata"))).toEqual([
      "acme_one-1.0-py3-none-any.whl",
      "acme_two-1.0-py3-none-any.whl",
    ]);
  });

  test("sends no more requests than its pace allows, and pauses as long as the upstream asks", async () => {
    const times: number[] = [];
    const rig: Rig = new Rig(
      { UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, mirror: { max_requests_per_second: 0.5 } } } },
      { sleep: async (milliseconds) => rig.wait(milliseconds) },
    );
    await rig.upstream.publish(
      "demo",
      ["1.0", "2.0", "3.0"].map((version) => wheel("demo", version)),
    );
    rig.upstream.on(pageUrl("busy"), () => {
      times.push(rig.now);
      return new Response(null, { status: 429, headers: { "Retry-After": "600" } });
    });
    const began = rig.now;
    await mirrored(rig, "demo");
    // What is stored is recorded a tenth of a second later.
    expect(Math.floor((rig.now - began) / 1_000)).toBe(6 * 2);
    await mirrored(rig, "busy");
    expect(times).toHaveLength(1);
    for (let minute = 1; minute <= 9; minute++) {
      rig.wait(MINUTE);
      await rig.tick("* * * * *");
      await rig.deliverMirrors();
    }
    expect(times).toHaveLength(1);
    rig.wait(MINUTE);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(times).toHaveLength(2);
  });

  test("goes on with the next message where its time was up, from where it was", async () => {
    const rig: Rig = new Rig(
      { UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, mirror: { max_requests_per_second: 0.01 } } } },
      { sleep: async (milliseconds) => rig.wait(milliseconds) },
    );
    await rig.upstream.publish(
      "demo",
      Array.from({ length: 12 }, (_, at) => wheel("demo", `${at}.0`)),
    );
    await mirrored(rig, "demo");
    expect(await statusOf(rig)).toMatchObject({ files: 12, missing: 0, isIdle: true });
    const files = rig.upstream.requests.filter((line) => line.endsWith(".whl"));
    expect(new Set(files).size).toBe(files.length);
  });
});

describe("what fails", () => {
  test("stops nothing else, is told with its reason, and is tried again", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
    await rig.upstream.publish("other", [wheel("other")]);
    const bad = `${FakeUpstream.FILES}demo-1.0-py3-none-any.whl`;
    const good = await rig.upstream.get(bad);
    rig.upstream.on(bad, () => new Response("other bytes"));
    await mirrored(rig, "demo", "nowhere", "other");
    expect(await stored()).toContain("other-1.0-py3-none-any.whl");
    expect(await stored()).not.toContain("demo-1.0-py3-none-any.whl");
    expect(await errorsOf(rig)).toEqual([
      "demo demo-1.0-py3-none-any.whl: it could not be stored",
      "nowhere : the upstream has no such project",
    ]);
    expect(await statusOf(rig)).toMatchObject({ missing: 1, errors: 2, isIdle: true });
    rig.upstream.on(bad, async () => new Response(await good.clone().arrayBuffer()));
    rig.wait(5 * MINUTE);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(await stored()).toContain("demo-1.0-py3-none-any.whl");
    expect(await errorsOf(rig)).toEqual(["nowhere : the upstream has no such project"]);
  });

  test("two runs of one mirror never work at the same time", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo")]);
    await ask(rig, "add", { projects: ["demo"] });
    const message = rig.mirrors.messages.at(-1);
    rig.mirrors.messages.push(...(message ? [message] : []));
    const [one, other] = [rig.mirrors.messages.splice(0, 1), rig.mirrors.messages.splice(0)];
    const { deliver } = await import("../support/queue.ts");
    await Promise.all([one, other].map((each) => deliver("pypi-edge-mirrors", each, rig.services, rig.now)));
    expect(rig.upstream.requests.filter((line) => line === `GET ${pageUrl("demo")}`)).toHaveLength(1);
  });
});

describe("afterwards", () => {
  test("a tick without changes costs two queries of the database, and no other store", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo")]);
    await mirrored(rig, "demo");
    rig.wait(MINUTE);
    rig.forget();
    await rig.tick("* * * * *");
    // The mirrors, and that the cron ran.
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    expect([rig.upstream.requests, rig.mirrors.messages]).toEqual([[], []]);
  });

  test("without a change log, each project is revalidated once a day", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo")]);
    await mirrored(rig, "demo");
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
    rig.wait(DAY);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(await stored()).toContain("demo-2.0-py3-none-any.whl");
  });

  test("with one, when it names the project, and a new project that a pattern asks for", async () => {
    const rig = new FollowedRig();
    list(rig);
    await rig.change("old");
    await rig.tick("* * * * *");
    await rig.minute();
    await mirrored(rig, "acme-*");
    rig.wait(40 * DAY);
    await rig.minute();
    await rig.deliverMirrors();
    rig.forget();
    await rig.change("other", "acme-new");
    await rig.minute();
    await rig.deliverMirrors();
    expect(rig.fetched()).toContain("acme-new");
    expect(rig.fetched()).not.toContain("other");
    const serial = await rig.change("acme-new");
    rig.offer("acme-new", serial - 1);
    rig.forget();
    await rig.minute();
    await rig.deliverMirrors();
    expect(await errorsOf(rig)).toEqual([
      `acme-new : the upstream gave serial ${serial - 1}, and its change log ${serial}`,
    ]);
    rig.offer("acme-new", serial);
    rig.wait(5 * MINUTE);
    await rig.minute();
    await rig.deliverMirrors();
    expect([await errorsOf(rig), await statusOf(rig)]).toEqual([[], expect.objectContaining({ due: 0 })]);
  });

  test("the sweep leaves what is mirrored, until it is removed", async () => {
    const rig = new Rig({ QUOTA: 1 });
    await rig.upstream.publish("demo", [wheel("demo")]);
    await rig.upstream.publish("other", [wheel("other")]);
    await mirrored(rig, "demo");
    await rig.get("/files/files.upstream.test/packages/other-1.0-py3-none-any.whl");
    await resize(2 * GB);
    rig.wait(2 * DAY);
    await rig.tick("0 * * * *");
    expect(await stored()).toEqual(["demo-1.0-py3-none-any.whl", "metadata of demo-1.0-py3-none-any.whl"]);
    expect(await ask(rig, "remove", { projects: ["demo"] })).toMatchObject({ entries: 1 });
    await rig.deliverMirrors();
    expect(await statusOf(rig)).toMatchObject({ entries: 0, projects: 0 });
    await resize(2 * GB);
    await rig.tick("0 * * * *");
    expect(await stored()).toEqual([]);
  });

  test.each(["file", "metadata"])(
    "a %s that the store has lost is fetched again once the sweep has seen that",
    async (part) => {
      const rig = new FollowedRig();
      await rig.minute();
      await rig.upstream.publish("demo", [wheel("demo")]);
      await mirrored(rig, "demo");
      const all = await stored();
      const { objects } = await env.FILES.list({ prefix: `${part}/` });
      await env.FILES.delete(objects.map(({ key }) => key));
      rig.wait(3 * 60 * MINUTE);
      await rig.tick("0 * * * *");
      await rig.minute();
      await rig.deliverMirrors();
      expect(await stored()).toEqual(all);
      expect(await statusOf(rig)).toMatchObject({ files: 1, missing: 0, errors: 0, due: 0 });
    },
  );
});

describe('where serve = "complete"', () => {
  const complete = () =>
    new Rig({
      UPSTREAMS: {
        pypi: {
          url: FakeUpstream.INDEX,
          mirror: { serve: "complete", filters: { deny: ["demo<2"], prereleases: false } },
        },
      },
    });
  const filesOf = async (rig: Rig, project: string) => {
    const { status, json } = await rig.page(project);
    return json ? json.files.map(({ filename }) => filename) : status;
  };

  test("there is what is mirrored and stored, and nothing else, whatever was cached", async () => {
    const rig = complete();
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0"), wheel("demo", "3.0")]);
    await rig.upstream.publish("other", [wheel("other")]);
    rig.upstream.on(`${FakeUpstream.FILES}demo-3.0-py3-none-any.whl`, () => new Response("other bytes"));
    expect(await filesOf(rig, "demo")).toBe(404);
    await mirrored(rig, "demo", "nowhere");
    rig.forget();
    expect(await filesOf(rig, "demo")).toEqual(["demo-2.0-py3-none-any.whl"]);
    expect((await rig.page("demo")).json).toMatchObject({ versions: [] });
    expect(await filesOf(rig, "other")).toBe(404);
    const statuses = ["demo-1.0", "demo-2.0", "demo-3.0", "other-1.0"].map(async (name) => {
      const file = `/files/files.upstream.test/packages/${name}-py3-none-any.whl`;
      return [(await rig.get(file)).status, (await rig.get(file, {}, "HEAD")).status];
    });
    expect(await Promise.all(statuses)).toEqual([
      [404, 404],
      [200, 200],
      [404, 404],
      [404, 404],
    ]);
    expect(rig.upstream.requests.filter((line) => line.includes("whl"))).toEqual([]);
    const { projects } = JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as { projects: unknown };
    expect(projects).toEqual([{ name: "demo", "_last-serial": rig.now - (rig.now % 600_000) }]);
    await rig.upstream.publish("demo", [wheel("demo", "2.0"), wheel("demo", "4.0")]);
    expect(await filesOf(rig, "demo")).toEqual(["demo-2.0-py3-none-any.whl"]);
    await ask(rig, "run", {});
    await rig.deliverMirrors();
    expect(await filesOf(rig, "demo")).toEqual(["demo-2.0-py3-none-any.whl", "demo-4.0-py3-none-any.whl"]);
  });

  test("a file that the store has lost is fetched again once it was asked for", async () => {
    const rig = complete();
    const file = "/files/files.upstream.test/packages/demo-2.0-py3-none-any.whl";
    await rig.upstream.publish("demo", [wheel("demo", "2.0")]);
    await mirrored(rig, "demo");
    const { objects } = await env.FILES.list({ prefix: "file/" });
    await env.FILES.delete(objects.map(({ key }) => key));
    rig.restart();
    expect((await rig.get(file)).status).toBe(404);
    rig.wait(MINUTE);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect((await rig.get(file)).status).toBe(200);
    expect(await filesOf(rig, "demo")).toEqual(["demo-2.0-py3-none-any.whl"]);
  });

  test("a file of which the store cannot say whether it is stored is no absent one", async () => {
    const rig = complete();
    await rig.upstream.publish("demo", [wheel("demo", "2.0"), wheel("demo", "3.0rc1")]);
    await mirrored(rig, "demo");
    const status = async (version: string, method: "GET" | "HEAD" = "GET") => {
      rig.restart();
      rig.breakOnce("r2.get");
      return (await rig.get(`/files/files.upstream.test/packages/demo-${version}-py3-none-any.whl`, {}, method)).status;
    };
    expect([await status("2.0"), await status("2.0", "HEAD"), await status("3.0rc1")]).toEqual([503, 503, 503]);
    rig.restart();
    expect((await rig.get("/files/files.upstream.test/packages/demo-3.0rc1-py3-none-any.whl")).status).toBe(404);
  });
});
