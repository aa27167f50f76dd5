import { describe, expect, test } from "vitest";
import { JOB_MEANINGS } from "../../schema/jobs.ts";
import { teamOf } from "../support/hosted.ts";
import { bearer, give } from "../support/tokens.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";

/** An admin's request without a body. */
const ask = (path: string, method: string) =>
  new Rig().get(`/-/api/${path}`, { Authorization: `Bearer ${ADMIN_TOKEN}` }, method);

/** A sweep, which says what would be deleted where it is a dry run. */
const sweep = (query: string) => new Rig().post(`jobs/sweep${query}`);

describe("the permission for /-/api/", () => {
  test("no client has it where no token is configured", async () => {
    const answer = await new Rig({ ADMIN_TOKEN: undefined }).post("jobs/refresh");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test.each([
    ["no token", {}],
    ["another token", { Authorization: "Bearer something-else-entirely" }],
    ["another token as a password", { Authorization: `Basic ${btoa("admin:something-else")}` }],
  ])("with %s the answer is 401, and no cache stores it", async (_what, headers) => {
    const { response, settled } = await new Rig().open("/-/api/jobs/refresh", { method: "POST", headers });
    await response.text();
    await settled();
    expect(response.status).toBe(401);
    // Not Basic: a browser would send what it was given once with other pages' requests.
    expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="pypi-edge"');
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  test("an unknown job is 404 and names those that there are", async () => {
    const answer = await new Rig().post("jobs/reboot");
    expect(answer.status).toBe(404);
    expect(answer.text()).toBe(`There is no job "reboot"; there are ${Object.keys(JOB_MEANINGS).join(", ")}.\n`);
  });

  test.each(["jobs/refresh", "warm", "wheelhouse"])(
    "/-/api/%s accepts POST only, and its 405 says so",
    async (path) => {
      for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
        const { status, headers, text } = await ask(path, method);
        expect([status, headers.get("Allow"), text()]).toEqual([
          405,
          "POST",
          `${method} is not offered here; only POST is.\n`,
        ]);
      }
      expect((await ask(path, "HEAD")).headers.get("Allow")).toBe("POST");
    },
  );

  test.each(["GET", "POST", "PUT"])(
    "an unknown address of the API is 404 for %s, and names those there are",
    async (method) => {
      for (const path of ["", "jobs", "jobs/", "jobs/sweep/now", "warmer", "warm/"]) {
        const { status, headers, text } = await ask(path, method);
        expect([path, status, headers.get("Allow")]).toEqual([path, 404, null]);
        expect(text()).toContain(
          "/-/api/jobs/NAME, /-/api/warm, /-/api/wheelhouse, /-/api/lock/local and /-/api/lock/canonical",
        );
      }
    },
  );

  test("a misspelt address is 404 for the holder of any token, and not a matter of permissions", async () => {
    const rig = new Rig(teamOf({ read: "token" }));
    const token = bearer((await give(rig, { scopes: ["warm"] })).text);
    for (const path of ["/-/api/lock/lokal", "/-/api/warms"]) {
      const answer = await rig.get(path, token, "POST");
      expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining("/-/api/lock/canonical")]);
    }
    for (const method of ["GET", "POST", "PUT"]) {
      const answer = await rig.get("/team/-/api/lock/lokal", token, method);
      expect([answer.status, answer.text()]).toEqual([
        404,
        expect.stringContaining("There is nothing at /team/-/api/lock/lokal; POST is offered at /team/-/api/warm,"),
      ]);
    }
  });

  test("no stranger learns which addresses the API has", async () => {
    const rig = new Rig();
    const answers = [
      await rig.get("/-/api/warm"),
      await rig.get("/-/api/other"),
      await rig.get("/-/api/warm", {}, "PUT"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  test("a job takes no body: what is meant as a parameter there would be passed over", async () => {
    const answer = await new Rig().post("jobs/sweep", "dry-run=true", { "Content-Length": "12" });
    expect([answer.status, answer.text()]).toEqual([400, expect.stringContaining("?dry-run=true")]);
  });

  test("other addresses of the product take no POST", async () => {
    const { response, settled } = await new Rig().open("/simple/demo/", { method: "POST" });
    await response.text();
    await settled();
    expect(response.status).toBe(405);
  });
});

describe("a job's parameters", () => {
  test.each(["?dry-run", "?dry-run=", "?dry-run=true", "?dry-run=1"])("%s is a dry run", async (query) => {
    const { status, text } = await sweep(query);
    expect([status, text()]).toEqual([200, expect.stringContaining("would be deleted")]);
  });

  test.each(["", "?", "?dry-run=false", "?dry-run=0"])("with %j it is run", async (query) => {
    const { status, text } = await sweep(query);
    expect([status, text()]).toEqual([200, expect.not.stringContaining("would")]);
  });

  test.each([
    ["?dry_run=true", '"dry_run" is not a parameter of this address; there is dry-run.'],
    ["?Dry-Run=true", '"Dry-Run" is not a parameter of this address; there is dry-run.'],
    ["?dry-run=true&quota=1", '"quota" is not a parameter of this address; there is dry-run.'],
    ["?dry-run=True", 'dry-run is "True"; it can be true or 1 (as it is without a value), or false or 0.'],
    ["?dry-run=yes", 'dry-run is "yes"; it can be true or 1 (as it is without a value), or false or 0.'],
    ["?dry-run=false&dry-run=true", "dry-run is given twice."],
    ["?dry-run&dry-run", "dry-run is given twice."],
  ])("%s is refused with a sentence, and nothing is run", async (query, sentence) => {
    const rig = new Rig();
    const { status, text } = await rig.post(`jobs/sweep${query}`);
    expect([status, text(), rig.counts]).toEqual([400, `${sentence}\n`, {}]);
  });
});
