import { describe, expect, test } from "vitest";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";

describe("who may use /-/api/", () => {
  test("nobody where no token is configured, and the answer says how to set one", async () => {
    const answer = await new Rig({ ADMIN_TOKEN: undefined }).post("jobs/refresh");
    expect(answer.status).toBe(403);
    expect(answer.text()).toContain("wrangler secret put ADMIN_TOKEN");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test.each([
    ["no token", {}],
    ["another token", { Authorization: "Bearer something-else-entirely" }],
    ["the token as a password", { Authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }],
  ])("with %s it is 401, and the answer is nobody else's", async (_what, headers) => {
    const { response, settled } = await new Rig().open("/-/api/jobs/refresh", { method: "POST", headers });
    await response.text();
    await settled();
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer/);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  test("an unknown job is 404 and names those that there are", async () => {
    const answer = await new Rig().post("jobs/reboot");
    expect(answer.status).toBe(404);
    expect(answer.text()).toMatch(/no job "reboot"/);
  });

  test("other addresses of the product take no POST", async () => {
    const { response, settled } = await new Rig().open("/simple/demo/", { method: "POST" });
    await response.text();
    await settled();
    expect(response.status).toBe(405);
  });
});
