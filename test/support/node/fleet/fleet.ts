import type { IncomingMessage } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { buildWheel, type Wheel } from "../../../../cli/demo/wheel.ts";
import { MIGRATIONS } from "../../../../cli/lib/project-folder.ts";
import { parseConfig, type Config } from "../../../../schema/config.ts";
import { migrate } from "../../../../server/migrate.ts";
import { memoryBody } from "../../../../server/memory-body.ts";
import { copyingPipe } from "../../../../server/pipe.ts";
import { FILE_MEMORY, FINISH_ALONE, STALENESS } from "../../../../worker/cloudflare/settings.ts";
import { MINUTE } from "../../../../worker/duration.ts";
import type { Fetch, Platform } from "../../../../worker/platform/platform.ts";
import { createWorker, type Worker } from "../../../../worker/worker.ts";
import { Random } from "../../../fuzz/random.ts";
import { uploadFields } from "../../upload-fields.ts";
import { ONE_SOURCE } from "../../variables.ts";
import { incompressible } from "../fake-index/content.ts";
import { fakeIndex } from "../fake-index/fake-index.ts";
import { SimulatedClock } from "../staleness/clock.ts";
import { chanceOf, pendingCrypto, timersOf } from "./surroundings.ts";
import {
  cacheInMemory,
  databaseInMemory,
  keyValueInMemory,
  NO_CACHE,
  objectsInMemory,
  type Call,
  type Through,
} from "./stores.ts";

/** What is simulated: runners that install from the index `team`. */
export interface Scene {
  readonly seed: number;
  readonly runners: number;
  /** How many instances of the worker answer them, each request any of them. */
  readonly isolates: number;
  /** Packages that the index hosts, and that it mirrors. All are stored, and no isolate has any in memory. */
  readonly hosted: number;
  readonly mirrored: number;
  /** How many of them a runner installs. */
  readonly installs: number;
  /** All of them start within so long. Milliseconds. */
  readonly within: number;
  /** Whether the data centre's cache keeps anything. On workers.dev it does not. */
  readonly hasCache: boolean;
  /** Whether each runner exchanges an identity token for a token of its own, or all have one token. */
  readonly mints: boolean;
}

/** A call of a store. */
export interface Noted {
  readonly what: Call;
  /** Milliseconds since the first runner could start. */
  readonly at: number;
}

export interface Figures {
  readonly requests: number;
  /** From the first moment at which a runner could start until the last one is done. */
  readonly calls: readonly Noted[];
  /** Those by which the isolates write five minutes later what they have gathered. */
  readonly written: number;
}

const START = Date.parse("2026-11-22T12:00:00Z");
const ADMIN_TOKEN = "the-admin-token-of-the-fleet";
const ISSUER = "https://token.actions.githubusercontent.com";
const AUDIENCE = "pypi.acme.example";

/** How long a call takes, give or take a half: the database's primary is in another place. Milliseconds. */
const TAKES = { d1: 30, kv: 10, r2: 20, cache: 3 } as const;

/** Between a runner and an isolate, there and back. Milliseconds. */
const AWAY = 20;

/** Isolates gather for five minutes before they write. Milliseconds. */
const GATHERED = 6 * MINUTE;

const JSON_PAGE = { Accept: "application/vnd.pypi.simple.v1+json", "Accept-Encoding": "gzip" };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Where a package's page and its wheel are. */
interface Place {
  readonly page: string;
  readonly file: string;
}

/**
 * Simulates a scene: the product's worker in so many instances, over stores in memory whose calls take time. Time is simulated, so that two
 * runs have the same figures, however busy the machine is. Throws where an answer is another one than a 200.
 */
export async function simulate(scene: Scene): Promise<Figures> {
  const fleet = new Fleet(scene);
  try {
    return await fleet.run();
  } finally {
    fleet.close();
  }
}

class Fleet {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #clock: SimulatedClock;
  readonly #crypto = pendingCrypto();
  readonly #restoreTimers: () => void;
  readonly #restoreChance: () => void;
  readonly #keys = generateKeyPair("RS256");
  #calls: Noted[] = [];
  #requests = 0;
  #began = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#random = new Random(scene.seed);
    this.#clock = new SimulatedClock(() => this.#random.next(), this.#crypto.settled);
    this.#restoreTimers = timersOf(this.#clock);
    this.#restoreChance = chanceOf(new Random(scene.seed + 1));
  }

  close(): void {
    this.#crypto.restore();
    this.#restoreTimers();
    this.#restoreChance();
  }

  async run(): Promise<Figures> {
    const { isolates, hasCache } = this.#scene;
    const wheels = await this.#wheels();
    const config = configOf();
    const platform = this.#platform(wheels.mirrored, hasCache);
    await this.#during(() => migrate(platform.database, MIGRATIONS));
    const start = () => createWorker(config, platform);
    const { places, token } = await this.#during(() => this.#furnish(start(), wheels));
    const fleet = Array.from({ length: isolates }, start);
    // What the data centre's cache has of the furnishing is too old by then.
    await this.#during(() => this.#clock.sleep(GATHERED));
    this.#calls = [];
    this.#requests = 0;
    this.#began = this.#clock.now;
    await this.#during(() => this.#startAll(() => this.#install(fleet, places, token)));
    const [calls, requests] = [this.#calls, this.#requests];
    this.#calls = [];
    await this.#during(async () => {
      await this.#clock.sleep(GATHERED);
      await Promise.all(fleet.map((isolate) => this.#ask(isolate, "/-/nowhere", {}, 404)));
    });
    return { requests, calls, written: this.#calls.filter(({ what }) => what === "d1.write").length };
  }

  /** Lets time go on until something has been done. */
  async #during<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = work();
    const state = { isDone: false };
    const end = () => void (state.isDone = true);
    done.then(end, end);
    while (!state.isDone) {
      await this.#clock.run();
      await new Promise(setImmediate);
    }
    return done;
  }

  readonly #through: Through = async (what, call) => {
    const [store] = (typeof what === "string" ? what : "cache").split(".") as [keyof typeof TAKES];
    const half = (TAKES[store] * (50 + this.#random.below(101))) / 200;
    await this.#clock.sleep(half);
    const result = await call();
    this.#calls.push({ what: typeof what === "string" ? what : what(result), at: this.#clock.now - this.#began });
    await this.#clock.sleep(half);
    return result;
  };

  /** Whole milliseconds, as `Date.now()` has them. */
  readonly #now = () => START + Math.floor(this.#clock.now);

  async #wheels(): Promise<{ readonly hosted: Wheel[]; readonly mirrored: Wheel[] }> {
    const build = (kind: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, at) => {
          // One in four is too large for an isolate's memory.
          const files = { "payload.bin": incompressible(at % 4 === 0 ? 100_000 : 1_000) };
          return buildWheel({ name: `${kind}-${at}`, version: "1.0", files });
        }),
      );
    return { hosted: await build("acme", this.#scene.hosted), mirrored: await build("demo", this.#scene.mirrored) };
  }

  #platform(mirrored: readonly Wheel[], hasCache: boolean): Platform {
    const queue = { send: () => Promise.resolve(), sendBatch: () => Promise.resolve() };
    return {
      objects: objectsInMemory(this.#through, this.#now),
      keyValue: keyValueInMemory(this.#through),
      database: databaseInMemory(this.#through),
      cache: hasCache ? cacheInMemory(this.#through, this.#now) : NO_CACHE,
      fills: queue,
      refreshes: queue,
      mirrors: queue,
      notices: queue,
      newFromNetwork: { limit: () => Promise.resolve({ success: true }) },
      deployment: "fleet",
      staleness: STALENESS,
      fileMemory: FILE_MEMORY,
      finishAlone: FINISH_ALONE,
      shareReads: true,
      pipe: copyingPipe,
      bodyOf: memoryBody,
      openSpool: null,
      fetch: this.#upstream(mirrored),
      now: this.#now,
      sleep: this.#clock.sleep,
      clientAddress: () => "192.0.2.1",
      acceptEncoding: ({ headers }) => headers.get("Accept-Encoding") ?? "",
      requestId: () => "fleet",
      freeBytes: () => Promise.resolve(Infinity),
      scrub: 0,
      trouble: () => Promise.resolve(undefined),
    };
  }

  /** The upstream, and the issuer of identity tokens. */
  #upstream(mirrored: readonly Wheel[]): Fetch {
    const index = fakeIndex(mirrored, () => "pypi");
    return async ({ href, host, pathname }, { method, headers }) => {
      if (href === `${ISSUER}/.well-known/openid-configuration`)
        return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` });
      if (href === `${ISSUER}/jwks`) {
        const jwk = await exportJWK((await this.#keys).publicKey);
        return Response.json({ keys: [{ ...jwk, kid: "one", alg: "RS256", use: "sig" }] });
      }
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const request = { method, url: pathname, headers: { ...lower, host } };
      const answer = await index(request as unknown as IncomingMessage);
      return new Response(Buffer.from(answer.body), { status: answer.status, headers: answer.headers });
    };
  }

  /** Has everything stored, and makes a token that reads `team`. */
  async #furnish(isolate: Worker, { hosted, mirrored }: { hosted: Wheel[]; mirrored: Wheel[] }) {
    const admin = bearer(ADMIN_TOKEN);
    for (const wheel of hosted) {
      const form = new FormData();
      for (const [name, value] of Object.entries(uploadFields(wheel))) form.set(name, value);
      form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
      await this.#ask(isolate, "/team/legacy/", { method: "POST", headers: admin, body: form });
    }
    const places: Place[] = [];
    for (const { project } of [...hosted, ...mirrored]) {
      const page = `/team/simple/${project}/`;
      const listed = await this.#ask(isolate, page, {
        headers: { ...JSON_PAGE, ...admin, "Accept-Encoding": "identity" },
      });
      const { files } = JSON.parse(Buffer.from(listed).toString()) as { files: { url: string }[] };
      const file = new URL(files[0]?.url ?? "", `https://fleet.test${page}`).pathname;
      for (const path of [`${file}.metadata`, file]) await this.#ask(isolate, path, { headers: admin });
      places.push({ page, file });
    }
    const body = JSON.stringify({ name: "fleet", index: "team", scopes: ["read"] });
    const made = await this.#ask(isolate, "/-/api/tokens", { method: "POST", headers: admin, body }, 201);
    return { places, token: (JSON.parse(Buffer.from(made).toString()) as { token: string }).token };
  }

  /** Starts all runners at random moments, and waits for the last one. */
  async #startAll(start: () => Promise<void>): Promise<void> {
    const { runners, within } = this.#scene;
    await Promise.all(
      Array.from({ length: runners }, async () => {
        await this.#clock.sleep(this.#random.below(within));
        await start();
      }),
    );
  }

  /** One runner: all pages at once, then all `.metadata`, then all files, as uv does. */
  async #install(fleet: readonly Worker[], places: readonly Place[], shared: string): Promise<void> {
    const any = () => this.#random.pick(fleet);
    const token = bearer(this.#scene.mints ? await this.#mint(any()) : shared);
    const left = [...places];
    const chosen = Array.from({ length: this.#scene.installs }, () =>
      left.splice(this.#random.below(left.length), 1),
    ).flat();
    await Promise.all(chosen.map(({ page }) => this.#ask(any(), page, { headers: { ...JSON_PAGE, ...token } })));
    await Promise.all(chosen.map(({ file }) => this.#ask(any(), `${file}.metadata`, { headers: token })));
    await Promise.all(chosen.map(({ file }) => this.#ask(any(), file, { headers: token })));
  }

  /** Exchanges an identity token of a job. */
  async #mint(isolate: Worker): Promise<string> {
    const now = this.#now() / 1_000;
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: "repo:acme/tools:ref:refs/heads/main",
      repository: "acme/tools",
      iat: now,
      nbf: now,
      exp: now + 300,
    };
    const token = await new SignJWT({ ...claims, jti: `${this.#random.next()}-${this.#random.next()}` })
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .sign((await this.#keys).privateKey);
    const answer = await this.#ask(isolate, "/_/oidc/mint-token", { method: "POST", body: JSON.stringify({ token }) });
    return (JSON.parse(Buffer.from(answer).toString()) as { token: string }).token;
  }

  async #ask(isolate: Worker, path: string, init: RequestInit, expected = 200): Promise<ArrayBuffer> {
    this.#requests += 1;
    await this.#clock.sleep(AWAY / 2);
    const work = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
    const response = await isolate.fetch(new Request(`https://fleet.test${path}`, init), work);
    const body = await response.arrayBuffer();
    if (response.status !== expected)
      throw new Error(`${path}: ${response.status} ${Buffer.from(body).toString("utf8", 0, 300)}`);
    await this.#clock.sleep(AWAY / 2);
    return body;
  }
}

function configOf(): Config {
  const rule = { issuer: ISSUER, claims: { repository: "acme/tools" }, index: "team", scopes: ["read"] };
  return parseConfig({
    ...ONE_SOURCE,
    UPSTREAMS: { pypi: { url: "http://127.0.0.1/simple/", files: "http://127.0.0.1/" } },
    INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } },
    TRUSTED: [rule],
    AUDIENCE,
    PAGE_TTL: "3600",
    POPULAR: 0,
    ADMIN_TOKEN,
  });
}
