import { createHmac } from "node:crypto";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { DAY, MINUTE } from "../../worker/duration.ts";
import { runJob } from "../../worker/jobs/schedule.ts";
import type { Notice } from "../../worker/repository/ports/notices.ts";
import { file, NOW, OLD, YOUNG } from "../support/guarded.ts";
import { READER } from "../support/hosted.ts";
import { demoRecord, storeAdvisories } from "../support/osv.ts";
import { deliver } from "../support/queue.ts";
import { call, host } from "../support/releases.ts";
import { ADMIN_TOKEN, filePath, Rig, VARS } from "../support/rig.ts";
import type { FakeFile } from "../support/upstream.ts";
import { contextIn } from "../support/tokens.ts";
import { upload, wheelOf } from "../support/upload.ts";

const SECRET = "a-secret-for-the-receiver";
const HOOK = "https://hooks.test/pypi/private";

const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true, policy: { deny: ["bad"] } },
};

/** A request that the receiver was sent. */
interface Told {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let told: Told[];
let answer: () => Response;

beforeEach(() => {
  told = [];
  answer = () => new Response(null, { status: 204 });
});

/** A rig with a receiver, whose position is the end of what was before. */
async function telling(receiver: Record<string, unknown> = {}, policy: object = {}): Promise<Rig> {
  const indexes = { ...INDEXES, team: { ...INDEXES.team, policy } };
  const vars = { INDEXES: indexes, HOOK: SECRET, NOTIFY: [{ url: HOOK, secret: "HOOK", ...receiver }] };
  const rig: Rig = new Rig(vars, {
    async fetch(url, init) {
      const { headers, body = "", redirect } = init;
      if (url.href !== HOOK) return rig.upstream.fetch(url, init);
      expect(redirect).toBe("manual");
      told.push({ headers, body });
      return answer();
    },
  });
  await rig.post("jobs/notify");
  return rig;
}

const noticesOf = (): Notice[] => told.map(({ body }) => JSON.parse(body) as Notice);

/** What the cron and the queue do. */
async function tell(rig: Rig) {
  await rig.post("jobs/notify");
  return rig.deliverNotices();
}

/** An index's fork of a release, as an upload would leave it. */
async function forkOf(project: string, base: string): Promise<void> {
  const { version } = await host("team", `${project}-${base}+team.1-py3-none-any.whl`);
  await env.DB.prepare(
    `INSERT INTO fork (index_name, project, version, base_version, base_filename, base_sha256, patches, reason, created_at, created_by, created_by_name)
     VALUES ('team', ?1, ?2, ?3, 'x', 'x', '[]', 'x', 0, 'x', 'x')`,
  )
    .bind(project, version, base)
    .run();
}

const EXEMPTION = { index: "team", kind: "exemption", what: ["demo==2.0"], reason: "It is needed." };

describe("a receiver", () => {
  test("is told of an upload once, by a signed request", async () => {
    const rig = await telling();
    await upload(rig, await wheelOf("demo", "1.0"));
    expect(await tell(rig)).toEqual({ done: 1, delays: [] });
    await tell(rig);
    const [{ headers, body } = { headers: {}, body: "" }, ...others] = told;
    expect(others).toEqual([]);
    expect(JSON.parse(body)).toMatchObject({
      event: "published",
      index: "team",
      project: "demo",
      details: { by: "ADMIN_TOKEN" },
    });
    const timestamp = headers["X-Pypi-Edge-Timestamp"] ?? "";
    expect(Number(timestamp)).toBe(Math.floor(rig.now / 1000));
    const signature = createHmac("sha256", SECRET).update(`${timestamp}.${body}`).digest("hex");
    expect(headers["X-Pypi-Edge-Signature"]).toBe(`sha256=${signature}`);
    expect(headers["X-Pypi-Edge-Id"]).toBe((JSON.parse(body) as Notice).id);
  });

  test("is not told of what was before it, nor of what is a week old", async () => {
    const before = new Rig({ INDEXES });
    await upload(before, await wheelOf("demo", "1.0"));
    const rig = await telling();
    await tell(rig);
    await upload(rig, await wheelOf("demo", "2.0"));
    rig.wait(8 * DAY);
    await tell(rig);
    expect(told).toEqual([]);
  });

  test("is told when an exemption is made, and once when it has ended", async () => {
    const rig = await telling();
    expect((await call(rig, "POST", "policy/entries", { ...EXEMPTION, expires: "1d" })).status).toBe(201);
    await tell(rig);
    rig.wait(DAY + MINUTE);
    for (let minute = 0; minute < 3; minute++) await tell(rig);
    expect(noticesOf().map(({ event, index, subject }) => [event, index, subject])).toEqual([
      ["exemption-made", "team", "demo==2.0"],
      ["exemption-ended", "team", "demo==2.0"],
    ]);
  });

  test("is told of the events that it asks for", async () => {
    const rig = await telling({ events: ["exemption-made"] });
    await upload(rig, await wheelOf("demo", "1.0"));
    await call(rig, "POST", "policy/entries", { ...EXEMPTION, expires: "1d" });
    await tell(rig);
    expect(noticesOf().map(({ event }) => event)).toEqual(["exemption-made"]);
  });

  test.each([500, 302, 404])(
    "that answers %i is told again later, with the same id and another signature",
    async (status) => {
      const rig = await telling();
      await upload(rig, await wheelOf("demo", "1.0"));
      answer = () => new Response("no", { status, headers: { Location: "https://other.test/" } });
      await rig.post("jobs/notify");
      const messages = rig.notices.messages.splice(0);
      expect(await rig.deliverNotices(messages)).toEqual({ done: 0, delays: [30] });
      rig.wait(30_000);
      expect(await rig.deliverNotices(messages, 2)).toEqual({ done: 0, delays: [60] });
      const [one, other] = told;
      expect(other?.headers["X-Pypi-Edge-Id"]).toBe(one?.headers["X-Pypi-Edge-Id"]);
      expect(other?.headers["X-Pypi-Edge-Signature"]).not.toBe(one?.headers["X-Pypi-Edge-Signature"]);
    },
  );

  test("is named in the log by its host alone", async () => {
    const rig = await telling();
    await upload(rig, await wheelOf("demo", "1.0"));
    await rig.post("jobs/notify");
    const lines: string[] = [];
    const log = (...line: unknown[]) => void lines.push(JSON.stringify(line));
    const unreachable = () => {
      throw new Error(`${HOOK} cannot be reached`);
    };
    for (const refuse of [() => new Response(null, { status: 500 }), unreachable]) {
      answer = refuse;
      await deliver("pypi-edge-notices", rig.notices.messages, rig.services, rig.now, 1, log);
    }
    expect(lines).toHaveLength(2);
    expect(lines.join("\n")).toContain("hooks.test");
    expect(lines.join("\n")).not.toMatch(/private|demo/);
  });

  test("that was away for too long gets what was given up when dead letters are sent again", async () => {
    const rig = await telling();
    await upload(rig, await wheelOf("demo", "1.0"));
    await rig.post("jobs/notify");
    const given = rig.notices.messages.splice(0);
    await deliver("pypi-edge-notices-dead", given, rig.services, rig.now);
    expect((await rig.services.letters.counts()).get("notices")).toBe(1);
    expect((await rig.post("jobs/replay")).text()).toContain("1 message was sent to the queue notices again");
    expect(await rig.deliverNotices()).toEqual({ done: 1, delays: [] });
    expect(noticesOf().map(({ event }) => event)).toEqual(["published"]);
  });

  test("that is no longer configured is not told", async () => {
    const rig = await telling();
    await upload(rig, await wheelOf("demo", "1.0"));
    await rig.post("jobs/notify");
    const elsewhere = rig.notices.messages.splice(0).map((message) => ({ ...message, url: "https://old.test/" }));
    expect(await rig.deliverNotices(elsewhere)).toEqual({ done: 1, delays: [] });
    expect(told).toEqual([]);
  });

  test("is told again with the same id where the queue was away", async () => {
    const rig = await telling();
    await upload(rig, await wheelOf("demo", "1.0"));
    rig.notices.down = true;
    expect((await rig.post("jobs/notify")).text()).toContain("The queue notices did not accept a message");
    rig.notices.down = false;
    await tell(rig);
    expect(noticesOf().map(({ event }) => event)).toEqual(["published"]);
  });

  test("can be tried, and what fails is said without more than is known", async () => {
    const rig = await telling();
    answer = () => new Response(null, { status: 503 });
    const tried = await rig.post("notify/test");
    expect(JSON.parse(tried.text())).toEqual({ receivers: [{ url: HOOK, taken: false, reason: "it answered 503" }] });
    expect(noticesOf()).toMatchObject([{ event: "test" }]);
  });
});

describe("what the audit log does not have", () => {
  test("a stored file that the policy refuses now is told once, as is one that was never stored", async () => {
    const rig = await telling();
    await rig.upstream.publish("demo", [OLD, YOUNG]);
    const get = async ({ filename }: FakeFile) => (await rig.get(`/team${filePath(filename)}`, READER)).status;
    expect(await get(OLD)).toBe(200);
    const deny = { index: "team", kind: "deny", what: ["demo"], reason: "It is not ours." };
    await call(rig, "POST", "policy/entries", { ...deny, what: ["demo==1.0", "demo==2.0"] });
    for (let time = 0; time < 2; time++) {
      expect([await get(OLD), await get(YOUNG)]).toEqual([403, 403]);
      // Another isolate has forgotten that it reported them.
      rig.restart();
      await tell(rig);
    }
    expect(noticesOf().map(({ event, project, subject }) => [event, project, subject])).toEqual([
      ["stored-blocked", "demo", OLD.filename],
      ["blocked", "demo", YOUNG.filename],
    ]);
  });

  test("a fork is out of date once its upstream has a newer final release", async () => {
    const rig = await telling();
    await rig.upstream.publish("demo", [OLD]);
    await forkOf("demo", "1.0");
    const look = async () => {
      await rig.post("jobs/watch");
      await tell(rig);
      return noticesOf().filter(({ event }) => event === "fork-outdated");
    };
    expect(await look()).toEqual([]);
    await rig.upstream.publish("demo", [OLD, YOUNG, file("3.0rc1", NOW)]);
    rig.wait(DAY);
    await look();
    const [notice, ...others] = await look();
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ project: "demo", subject: "1.0+team.1", details: { base: "1.0", newest: "2.0" } });
  });

  test("how many forks are out of date is a metric, also where no receiver is told", async () => {
    const rig = new Rig({ INDEXES });
    const gauge = async () => {
      await rig.post("jobs/watch");
      const { text } = await rig.get("/-/metrics", { Authorization: `Bearer ${ADMIN_TOKEN}` });
      return /^pypi_edge_forks_outdated.*$/m.exec(text())?.[0];
    };
    expect(await gauge()).toBeUndefined();
    await rig.upstream.publish("demo", [OLD]);
    await forkOf("demo", "1.0");
    expect(await gauge()).toBe('pypi_edge_forks_outdated{index="team"} 0');
    await rig.upstream.publish("demo", [OLD, YOUNG]);
    rig.wait(DAY);
    await gauge();
    expect(await gauge()).toBe('pypi_edge_forks_outdated{index="team"} 1');
    rig.upstream.down = true;
    rig.wait(30 * DAY);
    expect(await gauge()).toBe('pypi_edge_forks_outdated{index="team"} 1');
  });

  test("advisories are too old once, for as long as they are the same", async () => {
    const rig = await telling({}, { malware: "enforce" });
    await storeAdvisories(rig, [demoRecord("MAL-2026-1", {}, "1.0")]);
    for (const days of [29, 2, 1]) {
      rig.wait(days * DAY);
      await rig.post("jobs/watch");
      await tell(rig);
    }
    expect(noticesOf().map(({ event, index }) => [event, index])).toEqual([["advisories-stale", "*"]]);
  });

  test("a trusted root that ends is told of twice: a month before, and when it has ended", async () => {
    const rig = await telling({}, { provenance: "regressed" });
    const end = Date.parse("2027-11-28T00:00:00Z");
    for (const days of [-31, -30, -1, 0, 1]) {
      rig.now = end + days * DAY;
      await rig.post("jobs/watch");
      await tell(rig);
    }
    expect(noticesOf().map(({ event, index, details }) => [event, index, details])).toEqual(
      [false, true].map((expired) => [
        "root-expiring",
        "*",
        { expires: "2027-11-28T00:00:00.000Z", expired, reason: expect.stringContaining("2027-11-28") },
      ]),
    );
  });
});

test("without receivers the job asks nothing of the database", async () => {
  const rig = new Rig();
  const job = () => runJob("notify", rig.services, contextIn(rig), { dryRun: false, byHand: true });
  expect(await job()).toEqual([{ kind: "no-receivers" }]);
  expect(rig.counts).toEqual({});
});

describe("NOTIFY", () => {
  const withReceiver = (receiver: Record<string, unknown>, secrets: Record<string, unknown> = { HOOK: SECRET }) =>
    parseConfig({ ...VARS, ...secrets, NOTIFY: [{ url: HOOK, secret: "HOOK", ...receiver }] }).receivers;

  test.each<[Record<string, unknown>, RegExp]>([
    [{ url: "https://10.0.0.7/" }, /NOTIFY\.0\.url: is no public address/],
    [{ url: "https://localhost/" }, /no public address/],
    [{ url: "https://[::ffff:169.254.169.254]/" }, /no public address/],
    [{ url: "http://hooks.test/" }, /plain http is for loopback/],
    [{ events: ["everything"] }, /NOTIFY\.0\.events\.0/],
    [{ secret: "OTHER" }, /there is no secret OTHER/],
  ])("%j is refused", (receiver, sentence) => {
    expect(() => withReceiver(receiver)).toThrow(sentence);
  });

  test("may name a private address where that is allowed", () => {
    const [receiver] = withReceiver({ url: "http://10.0.0.7/hook", private: true });
    expect([receiver?.url.href, receiver?.secret]).toEqual(["http://10.0.0.7/hook", SECRET]);
  });
});
