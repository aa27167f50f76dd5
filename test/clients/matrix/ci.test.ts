import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { GithubJob } from "../../support/node/github-job.ts";
import { GitlabJob } from "../../support/node/gitlab-job.ts";
import type { Place } from "../../support/node/clients/place.ts";
import { AUDIENCE, CiStage } from "./ci-stage.ts";

const uv = inject("supplies").homes["uv-project"];
const UV = ["--no-config", "--no-cache", "--no-python-downloads"];

let stage: CiStage;
let place: Place;
let lock: string;
let original: string;
beforeAll(async () => {
  if (!uv) return;
  stage = await CiStage.open(uv);
  ({ place, lock, original } = stage);
});
afterAll(() => stage?.close());
beforeEach(() => stage?.reset());

/** Installs what the lock says, with these variables, as a job's script does. */
const sync = (variables: Readonly<Record<string, string>>) =>
  place.run(join(uv?.site ?? "", "bin", "uv"), ["sync", "--frozen", "--no-install-project", ...UV], variables);

const root = () => stage.root;

describe.skipIf(!uv)("the action", () => {
  let job: GithubJob;
  beforeEach(() => {
    job = new GithubJob(place, stage.identityVariables);
  });
  afterEach(() => job?.remove());

  test("has a job install from pypi-edge, with its identity alone, while the upstream is away; then the lock is as it was", async () => {
    const begun = await job.main({ url: root(), index: "team", lock: "uv.lock" });
    expect(begun.code, begun.output).toBe(0);
    expect(readFileSync(lock, "utf8")).toContain(`registry = "${root()}team/simple/"`);
    expect(job.summary).toMatch(/`uv\.lock`: 4 files and 4 \.metadata are stored\. 0\.0 MB of 0\.0 MB were before/);
    expect(begun.output).toMatch(/^::add-mask::pypi-edge_/m);

    await stage.rig.witness.stop();
    const synced = await sync(job.variables);
    await stage.rig.witness.start();
    expect(synced.code, synced.output).toBe(0);
    expect(await place.versionOf("picnic")).not.toMatch(/Error/);

    const ended = await job.post();
    expect(ended.code, ended.output).toBe(0);
    expect(readFileSync(lock, "utf8")).toBe(original);
  });

  test("maps a lock back that the job has changed, and leaves all that it has changed", async () => {
    expect((await job.main({ url: root(), index: "team", lock: "uv.lock", warm: "false" })).code).toBe(0);
    writeFileSync(lock, `${readFileSync(lock, "utf8")}# the job was here\n`);
    const ended = await job.post();
    expect(ended.code, ended.output).toBe(0);
    expect(readFileSync(lock, "utf8")).toBe(`${original}# the job was here\n`);
  });

  test("ends with a sentence where it cannot do what it was asked for, and changes no lock", async () => {
    const stranger = new GithubJob(place);
    const refused = await stranger.main({ url: root(), index: "team", lock: "uv.lock" });
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringMatching(/^::error .*A token is needed.*id-token: write/m),
    ]);
    const missing = await stranger.main({ url: root(), lock: "nope.lock" });
    expect([missing.code, missing.output]).toEqual([1, expect.stringContaining("nope.lock: there is no such file")]);
    const odd = await stranger.main({ url: "pypi.example.com" });
    expect([odd.code, odd.output]).toEqual([1, expect.stringContaining("url is not an address")]);
    const page = await stranger.main({ url: `${root()}simple/` });
    expect([page.code, page.output]).toEqual([1, expect.stringContaining("url ends in /simple")]);
    const unsure = await stranger.main({ url: root(), warm: "yes" });
    expect([unsure.code, unsure.output]).toEqual([1, expect.stringContaining('warm is "yes"; it is true or false.')]);
    const silent = await stranger.main({ url: root(), lock: "uv.lock" });
    expect([silent.code, silent.output]).toEqual([
      0,
      expect.stringContaining("uv.lock: not warmed, which takes a token."),
    ]);
    writeFileSync(lock, original);
    const elsewhere = new GithubJob(place, stage.identityVariables);
    const untold = await elsewhere.main({ url: `${stage.issuer.url}/page` });
    expect([untold.code, untold.output]).toEqual([0, expect.stringContaining("exchanges no identity tokens")]);
    const signIn = createServer((_, response) => response.end("<html>Sign in</html>"));
    await new Promise<void>((done) => signIn.listen(0, "127.0.0.1", done));
    const { port } = signIn.address() as AddressInfo;
    const foreign = await elsewhere.main({ url: `http://127.0.0.1:${port}` });
    await new Promise((done) => signIn.close(done));
    expect([foreign.code, foreign.output]).toEqual([1, expect.stringContaining("does not answer as pypi-edge does")]);
    elsewhere.remove();
    expect(readFileSync(lock, "utf8")).toBe(original);
    stranger.remove();
  });
});

describe.skipIf(!uv)("the template for GitLab", () => {
  const variables = () => ({ PYPI_EDGE_URL: root(), PYPI_EDGE_INDEX: "team", PYPI_EDGE_LOCK: "uv.lock" });

  test("has a job install from pypi-edge, with its identity alone; then the lock is as it was", async () => {
    const job = new GitlabJob(place, (audience) => stage.issuer.token(audience));
    const script = [
      "cp uv.lock seen.lock",
      `curl -sSf "$PIP_INDEX_URL" -o listing.html`,
      `"$UV" sync --frozen --no-install-project ${UV.join(" ")}`,
    ];
    const ended = await job.run(script, {
      ...variables(),
      PYPI_EDGE_AUDIENCE: AUDIENCE,
      PYPI_EDGE_WARM: "platform=linux_x86_64",
      UV: join(uv?.site ?? "", "bin", "uv"),
    });
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toMatch(/all of uv\.lock is stored: .*"done":true[^]*uv\.lock is as it was\./);
    expect(readFileSync(join(place.folder, "seen.lock"), "utf8")).toContain(`registry = "${root()}team/simple/"`);
    expect(await place.versionOf("picnic")).not.toMatch(/Error/);
    expect(readFileSync(lock, "utf8")).toBe(original);
  });

  test("maps a lock back that the job has changed", async () => {
    const job = new GitlabJob(place, (audience) => stage.issuer.token(audience));
    mkdirSync(join(place.folder, "sub"));
    writeFileSync(join(place.folder, "sub", "uv.lock"), original);
    const given = { ...variables(), PYPI_EDGE_LOCK: "uv.lock sub/uv.lock", PYPI_EDGE_AUDIENCE: AUDIENCE };
    const ended = await job.run(["echo '# the job was here' >> sub/uv.lock"], given);
    expect(ended.code, ended.output).toBe(0);
    expect(readFileSync(lock, "utf8")).toBe(original);
    expect(readFileSync(join(place.folder, "sub", "uv.lock"), "utf8")).toBe(`${original}# the job was here\n`);
  });

  test("ends with a sentence where a variable is wrong", async () => {
    const job = new GitlabJob(place, (audience) => stage.issuer.token(audience));
    for (const [wrong, sentence] of [
      [{ PYPI_EDGE_URL: "" }, "PYPI_EDGE_URL is ''; the root address"],
      [{ PYPI_EDGE_URL: `${root()}simple/` }, "simple/'; the root address of pypi-edge is expected"],
      [{ PYPI_EDGE_LOCK: "uv.lok" }, "pypi-edge: uv.lok: there is no such file; correct PYPI_EDGE_LOCK"],
    ] as const) {
      const ended = await job.run(["true"], { ...variables(), ...wrong });
      expect([ended.code, ended.output]).toEqual([1, expect.stringContaining(sentence)]);
    }
  });

  test("ends with a sentence where the identity token is refused", async () => {
    const job = new GitlabJob(place, (audience) => stage.issuer.token(audience));
    const ended = await job.run(["true"], variables());
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining("the identity token was not exchanged")]);
    expect(readFileSync(lock, "utf8")).toBe(original);
  });
});
