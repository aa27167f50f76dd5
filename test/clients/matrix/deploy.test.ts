import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { ACCOUNT, API_TOKEN, FakeAccount } from "../../support/node/cloudflare/fake-account.ts";
import { serveAccount } from "../../support/node/cloudflare/serve-account.ts";
import { pypiEdge } from "../../support/node/command.ts";

/** What wrangler writes, in turn; what is not refused of a run is done in it. */
const BROKEN = [
  "PUT workers/scripts/acme-pypi",
  "POST queues/id-5/consumers",
  "PUT workers/scripts/acme-pypi/schedules",
];

const folder = temporaryDirectory();
let account: FakeAccount;
let served: Awaited<ReturnType<typeof serveAccount>>;
beforeAll(async () => {
  account = new FakeAccount();
  served = await serveAccount(account);
  writeFileSync(join(folder, "pypi-edge.toml"), 'name = "acme-pypi"\ndomain = "pypi.example.com"\n[vars]\n');
});
afterAll(async () => {
  await served.stop();
  removeDirectory(folder);
});

const deploy = () =>
  pypiEdge(["deploy", "--no-check"], folder, {
    CLOUDFLARE_API_BASE_URL: served.url,
    CLOUDFLARE_API_TOKEN: API_TOKEN,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
  });

test("wrangler deploys what was made for it, and a run goes on where it was refused", async () => {
  const tokens: (string | undefined)[] = [];
  for (const broken of BROKEN) {
    account.refuse = ({ method, path }) =>
      `${method} ${path}` === broken ? { status: 400, code: 10_001, message: "refused by the test" } : undefined;
    const { code, output } = await deploy();
    expect([code, output.includes(API_TOKEN)], output).toEqual([1, false]);
    expect(output).toContain("refused by the test");
    expect(output).toContain("Could not deploy: wrangler failed, for the reason above. Run the command again");
    tokens.push(/ADMIN_TOKEN is (\S+)/.exec(output)?.[1]);
  }
  account.refuse = () => undefined;
  const { code, output } = await deploy();
  expect(code, output).toBe(0);
  expect(account.unknown).toEqual([]);
  expect(tokens).toContain(account.workers.get("acme-pypi")?.secrets["ADMIN_TOKEN"]);
  expect(account.contents()).toMatchObject({
    read: ["fills", "fills-dead", "mirrors", "notices", "notices-dead", "refreshes", "refreshes-dead"].map(
      (role) => `acme-pypi-${role} by acme-pypi`,
    ),
    workers: [{ secrets: ["ADMIN_TOKEN"], crons: ["* * * * *", "*/5 * * * *", "0 * * * *"] }],
    domains: [["pypi.example.com", "acme-pypi"]],
  });
  const before = account.contents();
  expect((await deploy()).code).toBe(0);
  expect(account.contents()).toEqual(before);
});
