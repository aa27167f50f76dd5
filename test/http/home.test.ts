import { describe, expect, test } from "vitest";
import { DATABASE_AWAY } from "../support/away.ts";
import { Rig } from "../support/rig.ts";

describe("the page for a person", () => {
  test("sets up each client with the very host name it was asked under, and is not kept by caches", async () => {
    const rig = new Rig();
    const home = await rig.get("/");
    const text = home.text();
    expect([home.status, home.headers.get("Cache-Control")]).toEqual([200, "private, no-cache"]);
    for (const client of [
      "pip install --index-url",
      "uv pip install --default-index",
      "poetry source add",
      "pdm config",
    ]) {
      expect(text).toMatch(new RegExp(`${client}[^<]* ?https://edge\\.test/simple/`));
    }
    expect(text).not.toMatch(/trusted-host|insecure/);
  });

  test("shows the public address where one is configured, and what plain http off loopback takes", async () => {
    const text = (await new Rig({ PUBLIC_URL: "http://pypi.corp.example:8787/" }).get("/")).text();
    expect(text).toContain("--index-url http://pypi.corp.example:8787/simple/ --trusted-host pypi.corp.example");
    expect(text).toContain("--allow-insecure-host pypi.corp.example:8787");
    expect(text).not.toContain("edge.test");
  });

  test("counts the projects that are kept once a minute, and does without the count where the catalog is away", async () => {
    const rig = new Rig();
    for (const project of ["one", "two"]) {
      await rig.upstream.publish(project, []);
      await rig.page(project);
    }
    expect((await rig.get("/")).text()).toMatch(/Projects kept here<\/dt><dd>2</);
    await rig.upstream.publish("three", []);
    await rig.page("three");
    rig.forget();
    expect((await rig.get("/")).text()).toMatch(/<dd>2</);
    expect(rig.counts).toEqual({});
    rig.wait(60_000);
    expect((await rig.get("/")).text()).toMatch(/<dd>3</);
    expect((await new Rig({}, { DB: DATABASE_AWAY }).get("/")).status).toBe(200);
  });
});
