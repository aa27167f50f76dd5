import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { shownOnce } from "../../cli/commands/token-usage.ts";
import { pypiEdge } from "../support/node/command.ts";

const ADMIN = "a-token-for-the-tests";
const TEXT = `pypi-edge_0123456789abcdef_${"A".repeat(43)}`;
const TOKEN = {
  id: "0123456789abcdef",
  name: "ann",
  index: "team",
  scopes: ["read" as const, "upload" as const],
  projects: null,
  created: "2026-11-22T12:00:00.000Z",
  createdBy: "admin",
  expires: null,
  revoked: null,
  lastUsed: null,
};

let folder: string;
let server: Server;
let url: string;
const sent: { request: string; authorization: string | undefined; body: string }[] = [];
/** What the server answers. */
let answer: { status: number; type?: string; body: unknown };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url: path, headers } = request;
    sent.push({
      request: `${method} ${path}`,
      authorization: headers.authorization,
      body: Buffer.concat(chunks).toString(),
    });
    response.writeHead(answer.status, { "Content-Type": answer.type ?? "application/json" });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-token-"));
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "state", "admin-token"), `${ADMIN}\n`, { mode: 0o600 });
  sent.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const token = (...args: string[]) => pypiEdge(["token", ...args, "--url", url, "--state", "state"], folder);

describe("pypi-edge token create", () => {
  test("prints the token alone where its output is read by something else", async () => {
    answer = { status: 201, body: { ...TOKEN, token: TEXT } };
    expect(await token("create", "--index", "team", "--scope", "read,upload")).toMatchObject({
      code: 0,
      output: `${TEXT}\n`,
    });
    expect(sent.map(({ body, ...rest }) => ({ ...rest, body: JSON.parse(body) as unknown }))).toEqual([
      {
        request: "POST /-/api/tokens",
        authorization: `Bearer ${ADMIN}`,
        body: { name: "team: read, upload", index: "team", scopes: ["read", "upload"] },
      },
    ]);
  });

  test("sends all that is said of it", async () => {
    answer = { status: 201, body: { ...TOKEN, token: TEXT } };
    const scopes = ["--scope", "read, yank", "--scope", "admin"];
    const projects = ["--project", "acme-*", "--project", "tool"];
    await token("create", "--index", "*", ...scopes, ...projects, "--expires", "30d", "--name", "ann's", "--quiet");
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      name: "ann's",
      index: "*",
      scopes: ["read", "yank", "admin"],
      projects: ["acme-*", "tool"],
      expires: "30d",
    });
  });

  test("takes several projects and scopes with commas too, and each scope once", async () => {
    const given = ["--scope", "upload,read,upload", "--project", "acme-*, tool", "--project", "demo"];
    await token("create", "--index", "team", ...given);
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      name: "team: upload, read",
      index: "team",
      scopes: ["upload", "read"],
      projects: ["acme-*", "tool", "demo"],
    });
  });

  test("ends with 1 and the server's sentence where it refuses, and nothing is taken for a token", async () => {
    answer = { status: 400, type: "text/plain; charset=utf-8", body: 'There is no index "teem" here.\n' };
    expect(await token("create", "--index", "teem", "--scope", "read")).toMatchObject({
      code: 1,
      output: 'There is no index "teem" here.\n',
    });
  });

  test.each([
    ["what is no token", { id: 7 }],
    ["no JSON", "<html>"],
  ])("ends with 1 where it is answered with %s", async (_what, body) => {
    answer = { status: 201, body };
    const { code, output } = await token("create", "--index", "team", "--scope", "read");
    expect([code, output]).toEqual([1, expect.stringContaining("Is that a current version of pypi-edge?")]);
  });

  test.each(["write", "read,write", "read,"])(
    "with --scope %s says which there are, and asks no one",
    async (scope) => {
      const { code, output } = await token("create", "--index", "team", "--scope", scope);
      const named = scope === "read," ? '""' : "write";
      expect([code, output]).toEqual([
        2,
        `--scope ${named}: there is no such scope; there are read, warm, upload, yank, admin.\n`,
      ]);
      expect(sent).toEqual([]);
    },
  );

  test.each([
    [["create"], "--index"],
    [["create", "--index", "team"], "--scope"],
    [["create", "--scope", "read"], "--index"],
  ])("%j lacks %s", async (args, option) => {
    const { code, output } = await token(...args);
    expect([code, output]).toEqual([2, expect.stringContaining(`required option '${option}`)]);
    expect(sent).toEqual([]);
  });

  test("prints the server's answer with --json", async () => {
    answer = { status: 201, body: { ...TOKEN, token: TEXT } };
    const { stdout } = await token("create", "--index", "team", "--scope", "read", "--json");
    expect(JSON.parse(stdout)).toEqual({ ...TOKEN, token: TEXT });
  });
});

describe("pypi-edge token list", () => {
  test("shows who may do what, until when, and since when it was not used", async () => {
    const tokens = [
      TOKEN,
      {
        ...TOKEN,
        name: "ci\u001b[31m",
        projects: ["acme-*"],
        lastUsed: "2020-11-23T01:00:00Z",
        expires: "2099-01-31T00:00:00Z",
      },
      { ...TOKEN, index: "*", expires: "2020-01-31T00:00:00Z" },
      { ...TOKEN, expires: "2020-01-31T00:00:00Z", revoked: "2019-12-31T00:00:00Z" },
      { ...TOKEN, scopes: ["read"] },
    ];
    answer = { status: 200, body: { tokens } };
    const { code, output } = await token("list", "--index", "team");
    expect(output.split("\n")).toEqual([
      "id                 name           index   scopes        projects   made         used         ends",
      expect.stringMatching(/^─+$/),
      "0123456789abcdef   ann            team    read,upload   any        2026-11-22   never        never",
      "0123456789abcdef   ci\\u001b[31m   team    read,upload   acme-*     2026-11-22   2020-11-23   2099-01-31",
      "0123456789abcdef   ann            *       read,upload   any        2026-11-22   never        ended 2020-01-31",
      "0123456789abcdef   ann            team    read,upload   any        2026-11-22   never        revoked 2019-12-31",
      "0123456789abcdef   ann            team    read          none       2026-11-22   never        never",
      "",
    ]);
    expect([code, sent[0]?.request]).toEqual([0, "GET /-/api/tokens?index=team"]);
  });

  test("shows the minute of a use or an end that is near, and the day of one that is not", async () => {
    const HOUR = 3_600_000;
    const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();
    const minute = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
    const near = { lastUsed: at(-47), expires: at(47) };
    const far = { lastUsed: at(-49), expires: at(49) };
    const ended = { lastUsed: at(-1), expires: at(-2) };
    answer = { status: 200, body: { tokens: [near, far, ended].map((times) => ({ ...TOKEN, ...times })) } };
    const rows = (await token("list")).output.trimEnd().split("\n").slice(2);
    expect(rows.map((row) => row.split(/ {3,}/).slice(-2))).toEqual([
      [minute(near.lastUsed), minute(near.expires)],
      [far.lastUsed.slice(0, 10), far.expires.slice(0, 10)],
      [minute(ended.lastUsed), `ended ${minute(ended.expires)}`],
    ]);
  });

  test("says in its help when a use is seen", async () => {
    expect((await token("list", "--help")).output).toMatch(/a use shows up after some\s+minutes/);
  });

  test("says so where there are none", async () => {
    answer = { status: 200, body: { tokens: [] } };
    expect(await token("list")).toMatchObject({ code: 0, output: expect.stringMatching(/^There are no tokens/) });
    expect(sent[0]?.request).toBe("GET /-/api/tokens");
  });
});

describe("pypi-edge token revoke", () => {
  test.each([
    ["an id", TOKEN.id],
    ["a whole token, whose secret stays here", TEXT],
  ])("takes %s", async (_what, given) => {
    answer = { status: 200, body: { ...TOKEN, revoked: "2026-11-23T01:00:00Z" } };
    const { code, output } = await token("revoke", given);
    expect([code, output]).toEqual([
      0,
      `"ann" (0123456789abcdef) is revoked: no request that begins after that is accepted with it.\n`,
    ]);
    expect(sent[0]?.request).toBe(`DELETE /-/api/tokens/${TOKEN.id}`);
  });

  test("ends with 1 where there is none", async () => {
    answer = { status: 404, type: "text/plain; charset=utf-8", body: "There is no token with this id.\n" };
    expect(await token("revoke", "a/b")).toMatchObject({ code: 1, output: "There is no token with this id.\n" });
    expect(sent[0]?.request).toBe("DELETE /-/api/tokens/a%2Fb");
  });
});

test.each([[["make"]], [["revoke"]], [["revoke", "a", "b"]], [["list", "team"]], [["list", "--none"]]])(
  "%j says where to read how it is used",
  async (args) => {
    const { code, output } = await token(...args);
    expect([code, output]).toEqual([2, expect.stringMatching(/^error: .*\n(?:.*\n)*\(pypi-edge token.* --help shows/)]);
    expect(sent).toEqual([]);
  },
);

describe("what is shown with a new token", () => {
  const said = (more = {}, root = "http://127.0.0.1:8787/") =>
    shownOnce({ ...TOKEN, ...more, token: TEXT }, new URL(root));

  test("is how pip and uv read with it, and twine and uv publish", () => {
    expect(said()).toBe(`"ann" is for read, upload on team.
It ends with: pypi-edge token revoke 0123456789abcdef
This is the only time that it is shown:

  ${TEXT}

pip, with the token in the address:
  pip install --index-url http://__token__:${TEXT}@127.0.0.1:8787/team/simple/ requests
uv, with a named index:
  export UV_INDEX_TEAM_USERNAME=__token__ UV_INDEX_TEAM_PASSWORD=${TEXT}
  uv add --index team=http://127.0.0.1:8787/team/simple/ requests
publishing:
  TWINE_USERNAME=__token__ TWINE_PASSWORD=${TEXT} twine upload --repository-url http://127.0.0.1:8787/team/legacy/ dist/*
  UV_PUBLISH_TOKEN=${TEXT} uv publish --publish-url http://127.0.0.1:8787/team/legacy/ dist/*`);
  });

  test("is when it ends", () => {
    expect(said({ expires: "2027-01-31T00:00:00Z" })).toContain(
      "\nIt ends at 2027-01-31T00:00:00Z, or with: pypi-edge token revoke",
    );
  });

  test("is what it can do, and no more", () => {
    expect(said({ scopes: ["read"] })).not.toContain("twine");
    expect(said({ scopes: ["upload"], projects: ["acme-*"] })).toMatch(/upload on team; it writes acme-\* only\./);
    expect(said({ scopes: ["upload"] })).not.toContain("pip install");
    expect(
      said({ scopes: ["yank"] })
        .trimEnd()
        .split("\n"),
    ).toHaveLength(5);
    expect(said({ scopes: ["admin"], index: "*" }, "https://pypi.corp.example/")).toMatch(
      /every index\.[^]*@pypi\.corp\.example\/simple\/[^]*https:\/\/pypi\.corp\.example\/legacy\//,
    );
  });
});
