import { expect, test } from "vitest";
import { TEAM } from "../support/hosted.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { signIn } from "../support/signed-in.ts";
import { bearer, give } from "../support/tokens.ts";

const PAGES = ["/-/", "/-/audit", "/-/exemptions", "/-/jobs", "/-/tokens"];

/** The addresses that a page leads to below `/-/`. */
const ledTo = (text: string) =>
  [...text.matchAll(/<a [^>]*href="\.\.\/-\/([a-z]*)"/g)].map(([, path = ""]) => `/-/${path}`);

test.each([
  ["an admin of every index", { index: "*", scopes: ["admin"] }],
  ["an admin of some projects of every index", { index: "*", scopes: ["admin"], projects: ["acme-*"] }],
  ["an admin of one index", { scopes: ["admin"] }],
  ["an admin of some projects", { scopes: ["admin"], projects: ["acme-*"] }],
  ["a reader", { scopes: ["read"] }],
] as const)("%s is led to the pages that open, all of them, and to no other", async (_, grant) => {
  const rig = new Rig(TEAM);
  const { text } = await give(rig, grant);
  const { session } = await signIn(rig, text);
  for (const sender of [session, bearer(text)]) {
    const tried = [];
    for (const path of PAGES) tried.push({ path, status: (await rig.get(path, sender)).status });
    expect([200, 403]).toEqual(expect.arrayContaining(tried.map(({ status }) => status)));
    const open = tried.flatMap(({ path, status }) => (status === 200 ? [path] : []));
    const account = await rig.get("/-/sign-in", sender);
    expect([...new Set(ledTo(account.text()))].filter((path) => PAGES.includes(path)).toSorted()).toEqual(open);
    for (const path of open) {
      const tabs = /<nav aria-label="Operate".*?<\/nav>/.exec((await rig.get(path, sender)).text())?.[0] ?? "";
      expect([path, ledTo(tabs)]).toEqual([path, open]);
    }
  }
});

test("the admin token opens all of them", async () => {
  const rig = new Rig(TEAM);
  for (const path of PAGES) expect((await rig.get(path, bearer(ADMIN_TOKEN))).status).toBe(200);
});
