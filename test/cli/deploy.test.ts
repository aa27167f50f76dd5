import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deployAll } from "../../cli/deploy/deploy-all.ts";
import { planAll } from "../../cli/deploy/plan.ts";
import type { DeployTools } from "../../cli/deploy/tools.ts";
import type { Upload } from "../../cli/deploy/upload.ts";
import { readWanted } from "../../cli/deploy/wanted.ts";
import { CommandError } from "../../cli/lib/command-error.ts";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { ACCOUNT, API_TOKEN, FakeAccount } from "../support/node/cloudflare/fake-account.ts";
import { uploadTo } from "../support/node/cloudflare/fake-upload.ts";

let account: FakeAccount;
let folder: string;
beforeEach(() => {
  openAccount();
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-deploy-"));
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

/** Has the API be that of an empty account. */
function openAccount(): void {
  account = new FakeAccount();
  vi.stubGlobal("fetch", account.fetch);
}

const OWN = `name = "acme-pypi"
location = "weur"
domain = "pypi.example.com"
[vars]
RESERVED = ["acme-*"]
`;

/** A configuration of these lines. */
function configured(text = OWN, env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, "pypi-edge.toml");
  writeFileSync(file, text);
  return readWanted(file, env);
}

/** Runs a deployment. `output`: what it printed, in order. */
async function run(wanted = configured(), changed: Partial<DeployTools> = {}, act = deployAll) {
  const output: string[] = [];
  const uploads: Upload[] = [];
  const tools: DeployTools = {
    credentials: { token: API_TOKEN, account: ACCOUNT },
    upload: async (upload, credentials) => {
      await uploadTo(upload, credentials);
      uploads.push(upload);
    },
    check: async (root) => void output.push(`checked ${root.href}`),
    print: (line) => output.push(line),
    remark: (line) => output.push(line),
    env: {},
    ...changed,
  };
  const failure = await act(wanted, tools).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  return { output: output.join("\n"), uploads, failure };
}

const token = ({ output }: { output: string }) => /ADMIN_TOKEN is (\S+)/.exec(output)?.[1];

describe("a deployment into an empty account", () => {
  test("makes all that the worker is bound to, in the place that was named, and ends with the index's address", async () => {
    const { output, failure, uploads } = await run();
    expect(failure).toBeUndefined();
    expect(account.contents()).toEqual({
      namespaces: ["acme-pypi-pages"],
      buckets: ["acme-pypi-files"],
      databases: ["acme-pypi"],
      queues: [
        "acme-pypi-fills",
        "acme-pypi-refreshes",
        "acme-pypi-mirrors",
        "acme-pypi-notices",
        "acme-pypi-fills-dead",
        "acme-pypi-refreshes-dead",
        "acme-pypi-notices-dead",
      ],
      read: [
        "acme-pypi-fills by acme-pypi",
        "acme-pypi-fills-dead by acme-pypi",
        "acme-pypi-mirrors by acme-pypi",
        "acme-pypi-notices by acme-pypi",
        "acme-pypi-notices-dead by acme-pypi",
        "acme-pypi-refreshes by acme-pypi",
        "acme-pypi-refreshes-dead by acme-pypi",
      ],
      migrations: [readdirSync(MIGRATIONS).length],
      workers: [
        {
          name: "acme-pypi",
          bindings: expect.arrayContaining([
            "DB",
            "FILES",
            "FILLS",
            "MIRRORS",
            "NOTICES",
            "PAGES",
            "REFRESHES",
          ]) as string[],
          secrets: ["ADMIN_TOKEN"],
          crons: ["* * * * *", "*/5 * * * *", "0 * * * *"],
        },
      ],
      domains: [["pypi.example.com", "acme-pypi"]],
    });
    expect([account.buckets.get("acme-pypi-files"), [...account.databases.values()][0]?.location]).toEqual([
      "weur",
      "weur",
    ]);
    expect(account.workers.get("acme-pypi")?.secrets["ADMIN_TOKEN"]).toBe(token({ output }));
    expect(output).toContain("checked https://pypi.example.com/");
    expect(output).toContain("The index is at https://pypi.example.com/simple/");
    expect(uploads[0]?.settings).toMatchObject({ workers_dev: false, vars: { RESERVED: ["acme-*"], POPULAR: 200 } });
    expect(account.unknown).toEqual([]);
  });

  test("migrates before the code is there, and attaches the domain after it", async () => {
    await run();
    const writes = account.calls.filter(({ method }) => method !== "GET").map(({ path }) => path);
    const [upload] = [writes.indexOf("workers/scripts/acme-pypi")];
    expect(writes.findLastIndex((path) => path.endsWith("/query"))).toBeLessThan(upload);
    expect(writes.indexOf("workers/domains")).toBeGreaterThan(upload);
  });

  test("a second run makes nothing, sets no token, and uploads again", async () => {
    await run();
    const before = account.contents();
    const { output, failure } = await run();
    expect([failure, token({ output })]).toEqual([undefined, undefined]);
    expect(output).not.toContain("made ");
    expect(account.contents()).toEqual(before);
  });

  test("says what it would do, and does nothing then", async () => {
    const { output, failure } = await run(configured(), {}, planAll);
    expect(failure).toBeUndefined();
    expect(output).toBe(`make     the KV namespace acme-pypi-pages
make     the bucket acme-pypi-files
make     the database acme-pypi
make     the queue acme-pypi-fills
make     the queue acme-pypi-refreshes
make     the queue acme-pypi-mirrors
make     the queue acme-pypi-notices
make     the queue acme-pypi-fills-dead
make     the queue acme-pypi-refreshes-dead
make     the queue acme-pypi-notices-dead
apply    all migrations
deploy   the worker acme-pypi
set      ADMIN_TOKEN
attach   the domain pypi.example.com
check    https://pypi.example.com/`);
    expect(account.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  });
});

const REFUSED = /^Could not [^:]+: an internal error \(7500\)\. Run the command again: it goes on from here\.$/;

test("wherever the API refuses, the run says what failed, and the next one completes it", async () => {
  await run();
  const [all, whole] = [account.calls.length, account.contents()];
  expect(all).toBeGreaterThan(40);
  for (let refused = 0; refused < all; refused++) {
    openAccount();
    account.refuse = (_call, number) =>
      number === refused ? { status: 500, code: 7_500, message: "an internal error" } : undefined;
    const first = await run();
    const call = account.calls[refused];
    // Without the plan, a deployment goes on.
    const isEnd = call?.path !== "subscriptions";
    expect([call, first.failure instanceof CommandError]).toEqual([call, isEnd]);
    expect(first.failure?.message ?? "").toMatch(isEnd ? REFUSED : /^$/);
    account.refuse = () => undefined;
    const second = await run();
    expect([call, second.failure]).toEqual([call, undefined]);
    expect(account.contents()).toEqual(whole);
    // The token that is in force was printed once, by whichever run stored it.
    const stored = account.workers.get("acme-pypi")?.secrets["ADMIN_TOKEN"];
    expect(
      [token(first), token(second)].filter((each) => each === stored),
      JSON.stringify(call),
    ).toHaveLength(1);
  }
});

describe("before anything is made", () => {
  /** What a run says that fails, and has changed nothing. */
  const refusal = async (wanted = configured()) => {
    const { failure } = await run(wanted);
    expect(account.calls.filter(({ method }) => method !== "GET")).toEqual([]);
    return failure?.message;
  };

  test("an account without R2 is told how to get it", async () => {
    account.refuse = ({ path }) =>
      path === "r2/buckets"
        ? { status: 403, code: 10_042, message: "Please enable R2 through the Cloudflare Dashboard." }
        : undefined;
    expect(await refusal()).toBe(
      `Could not ask for the buckets: R2 is not enabled in this account (10042). Enable it at https://dash.cloudflare.com/${ACCOUNT}/r2/overview (a payment method is asked for; 10 GB are free), then run this command again.`,
    );
  });

  test("a token that lacks a permission is told which, and is not in the sentence", async () => {
    account.refuse = ({ path }) =>
      path.startsWith("workers/") ? { status: 403, code: 10_000, message: "Authentication error" } : undefined;
    const said = await refusal();
    expect(said).toContain('The token needs the permission "Workers Scripts: Edit" for this account.');
    expect(said).not.toContain(API_TOKEN);
  });

  test("an id that is no account's is no empty account", async () => {
    account.refuse = () => ({ status: 404, code: 7_003, message: "Could not route to /accounts/…" });
    expect(await refusal()).toContain("Could not ask for the buckets: Could not route to /accounts/… (7003).");
  });

  test("a domain of another worker, and one without a zone, are refused", async () => {
    account.domains.set("pypi.example.com", "another");
    expect(await refusal()).toContain("The domain pypi.example.com is attached to the worker another.");
    expect(await refusal(configured(OWN.replace("example.com", "example.org")))).toContain(
      "The account has no zone for pypi.example.org.",
    );
  });

  test("an account without any address is told how to get one", async () => {
    account.subdomain = undefined;
    expect(await refusal(configured(OWN.replace(/domain.*/, "")))).toContain(
      "The account has no subdomain of workers.dev.",
    );
  });

  test("an upstream's secret that is nowhere is asked for", async () => {
    const text = `${OWN}[vars.UPSTREAMS.corp]\nurl = "https://corp.example/simple/"\ncredentials = "CORP"\n[vars.INDEXES.default]\nsources = ["corp"]\n`;
    expect(await refusal(configured(text))).toContain("An upstream needs the secret CORP, of the form user:password.");
    const { uploads } = await run(configured(text), { env: { CORP: "reader:s3cret" } });
    expect(uploads[0]?.secrets).toEqual({ ADMIN_TOKEN: expect.any(String) as string, CORP: "reader:s3cret" });
    // Once it is stored, later runs need it no more.
    expect((await run(configured(text))).failure).toBeUndefined();
  });
});

describe("a worker that is there already", () => {
  test("goes on with what it stores in, whatever the configuration names", async () => {
    account.buckets.set("by-hand", undefined);
    account.deploy("acme-pypi", [
      { type: "r2_bucket", name: "FILES", bucket_name: "by-hand" },
      { type: "secret_text", name: "ADMIN_TOKEN_2", text: "second-token-of-ours" },
    ]);
    const { output, uploads } = await run();
    expect(uploads[0]?.settings).toMatchObject({ r2_buckets: [{ binding: "FILES", bucket_name: "by-hand" }] });
    expect([...account.buckets.keys()]).toEqual(["by-hand"]);
    expect(output).toContain("stores in the bucket by-hand, and goes on with it");
    // One of the two tokens is enough.
    expect(uploads[0]?.secrets).toEqual({});
  });

  test("a second admin token is stored beside the first, and none is made", async () => {
    const first = await run();
    const next = "the-next-admin-token-of-ours";
    const { output } = await run(configured(), { env: { ADMIN_TOKEN_2: next } });
    expect(account.workers.get("acme-pypi")?.secrets).toEqual({ ADMIN_TOKEN: token(first), ADMIN_TOKEN_2: next });
    expect(output).not.toContain(next);
  });

  test("two deployments in one account share nothing", async () => {
    await run();
    const other = configured(OWN.replace("acme-pypi", "acme-staging").replace("pypi.example", "staging.example"));
    const { failure, uploads } = await run(other);
    expect(failure).toBeUndefined();
    const { namespaces, buckets, databases, queues, read } = account.contents();
    expect([namespaces, buckets, databases].map(({ length }) => length)).toEqual([2, 2, 2]);
    expect([queues, read].map((names) => new Set(names).size)).toEqual([14, 14]);
    expect(uploads[0]?.settings).not.toMatchObject({ ratelimits: [{ namespace_id: "7100" }] });
  });

  test("a database of a newer version is used as it is, with a remark", async () => {
    await run();
    const [stored] = account.databases.values();
    stored?.db.exec("INSERT INTO d1_migrations (name) VALUES ('0099_later.sql')");
    const { output, failure } = await run();
    expect([failure, output.includes("A newer pypi-edge has changed the database (0099_later.sql).")]).toEqual([
      undefined,
      true,
    ]);
  });
});

describe("the configuration", () => {
  test.each([
    ['loction = "weur"', "loction: is not known"],
    ['location = "mars"', "location: must be one of wnam, enam, weur, eeur, apac, oc"],
    ['name = "-x"', "name: must be 2 to 48 lower-case letters"],
    ['domain = "https://x"', "domain: must be a host name such as pypi.example.com"],
    ['domain = ["x.example"]', "domain: must be a host name such as pypi.example.com"],
    ["name = 7", "name: must be 2 to 48 lower-case letters"],
    ['plan = "gold"', 'plan: must be "free" or "paid"'],
    ["QUOTA = 3", "QUOTA: belongs below vars, as vars.QUOTA"],
    ['[vars]\nADMIN_TOKEN = "x"', "vars.ADMIN_TOKEN: is a secret"],
    ["[vars]\nQUOTA = -3", "QUOTA: must be a whole number of gigabytes"],
  ])("%s is refused with a sentence", (text, sentence) => {
    expect(() => configured(text)).toThrow(sentence);
  });

  test("an admin token that the worker would refuse is refused first", () => {
    expect(() => configured(OWN, { ADMIN_TOKEN: "short" })).toThrow(
      "the secret ADMIN_TOKEN: must be at least 16 characters",
    );
  });

  test("the free plan has values of its own, and the owner's go before them", async () => {
    const { uploads } = await run(configured(`plan = "free"\n${OWN.replace("[vars]", "[vars]\nQUOTA = 5")}`));
    expect(uploads[0]?.settings).toMatchObject({ vars: { FEED: false, POPULAR: 0, QUOTA: 5 } });
  });
});
