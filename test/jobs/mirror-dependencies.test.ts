import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ask, errorsOf, mirrored, statusOf, stored, wheel } from "../support/mirrored.ts";
import { Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const rigWith = (mirror: object = {}) => new Rig({ UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, mirror } } });

/** Offers projects of one wheel each, by what they require. */
async function offer(rig: Rig, projects: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [name, requires] of Object.entries(projects)) {
    await rig.upstream.publish(name, [wheel(name, "1.0", requires)]);
  }
}

async function withDependencies(rig: Rig, ...projects: string[]): Promise<void> {
  await ask(rig, "add", { projects, withDependencies: true });
  await rig.deliverMirrors();
}

/** The projects of which a file is stored and kept from the sweep. */
const kept = async () => {
  const { results } = await env.DB.prepare(
    "SELECT DISTINCT project FROM object WHERE mirrored = 1 ORDER BY project",
  ).run<{
    project: string;
  }>();
  return results.map(({ project }) => project).join(" ");
};

test("what a project requires is mirrored with it, and what that requires, where a marker may hold", async () => {
  const rig = rigWith({ filters: { pythons: ["3.12"], platforms: ["manylinux_2_28_x86_64"] } });
  await offer(rig, {
    web: ["Router>=1", 'colorama; sys_platform == "win32"', 'fast; extra == "speed"', 'tests; extra == "test"'],
    router: ["base (<2)"],
    base: [],
    fast: ["base"],
    tests: [],
    colorama: [],
  });
  await withDependencies(rig, "web[speed]");
  expect(await kept()).toBe("base fast router web");
  expect(rig.upstream.requests.filter((line) => line.includes("colorama") || line.includes("tests"))).toEqual([]);
  expect([await statusOf(rig), await errorsOf(rig)]).toEqual([expect.objectContaining({ missing: 0, due: 0 }), []]);
});

test("versions that a requirement does not ask for are not mirrored, unless another does", async () => {
  const rig = rigWith();
  await offer(rig, { one: ["base<2"], other: ["base>=3"] });
  await rig.upstream.publish(
    "base",
    ["1.0", "2.0", "3.0"].map((version) => wheel("base", version)),
  );
  const bases = async () => (await stored()).filter((name) => name.startsWith("base"));
  await withDependencies(rig, "one");
  expect(await bases()).toEqual(["base-1.0-py3-none-any.whl"]);
  await withDependencies(rig, "other");
  expect(await bases()).toEqual(["base-1.0-py3-none-any.whl", "base-3.0-py3-none-any.whl"]);
});

test("what is required no longer is released, also where projects require each other", async () => {
  const rig = rigWith();
  await offer(rig, { web: ["ring"], ring: ["chain"], chain: ["ring", "base"], base: [], tool: ["base"] });
  await mirrored(rig, "base");
  await withDependencies(rig, "web", "tool");
  expect(await kept()).toBe("base chain ring tool web");
  await ask(rig, "remove", { projects: ["web"] });
  await rig.deliverMirrors();
  expect(await kept()).toBe("base tool");
  await ask(rig, "remove", { projects: ["tool", "base"] });
  await rig.deliverMirrors();
  expect([await kept(), await statusOf(rig)]).toEqual(["", expect.objectContaining({ projects: 0, entries: 0 })]);
});

test("a release that requires something else has that mirrored, and releases what it no longer requires", async () => {
  const rig = rigWith();
  await offer(rig, { web: ["old"], old: [], new: [] });
  await withDependencies(rig, "web");
  expect(await kept()).toBe("old web");
  await rig.upstream.publish("web", [wheel("web", "2.0", ["new"])]);
  await ask(rig, "run", {});
  await rig.deliverMirrors();
  expect(await kept()).toBe("new web");
});

test("addresses and files without metadata are noted, and nothing fails because of them", async () => {
  const rig = rigWith();
  await rig.upstream.publish("web", [
    wheel("web", "1.0", ["tool @ https://elsewhere.test/tool.whl"]),
    { filename: "web-1.0.tar.gz", bytes: new TextEncoder().encode("an sdist") },
  ]);
  await withDependencies(rig, "web");
  expect(await errorsOf(rig)).toEqual([
    'web web-1.0-py3-none-any.whl: it requires "tool @ https://elsewhere.test/tool.whl": an address, which is not followed',
    "web web-1.0.tar.gz: it has no .metadata, so that what it requires is not known",
  ]);
  expect(await statusOf(rig)).toMatchObject({ errors: 0, isIdle: true });
});

test("a ceiling ends the growth with a sentence, and a higher one lets it go on", async () => {
  const projects = { web: ["one", "two", "three"], one: [], two: [], three: [] };
  const rig = rigWith({ max_dependencies: 2 });
  await offer(rig, projects);
  await withDependencies(rig, "web");
  expect(await kept()).toBe("one two web");
  const { run } = (await statusOf(rig)) as { run: { ceiling: string } };
  expect(run.ceiling).toMatch(
    /^three and maybe others are required and not mirrored: 0 projects .* max_dependencies allows no more/,
  );
  const higher = rigWith();
  await offer(higher, projects);
  await ask(higher, "run", {});
  await higher.deliverMirrors();
  expect(await kept()).toBe("one three two web");
  expect((await statusOf(higher))?.["run"]).toMatchObject({ ceiling: null });
});
