import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { BOUNDARY, formOf, rows, upload, wheelOf } from "../support/upload.ts";

/*
 * A request is let in by its head, and its body may come as slowly as the sender likes. What a token asked for before it was
 * revoked is not done afterwards.
 */

const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true, policy: { deny: ["evil"] } },
};

const FORM = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
const UNKNOWN = "This token is not known here, or it was revoked; ask the administrator of this index for another.";
const demo = "/-/api/indexes/team/projects/demo";

const json = (body: Record<string, unknown>) => () => new TextEncoder().encode(JSON.stringify(body));

const formOfWheel = async () => {
  const { filename, bytes, fields } = await wheelOf("demo", "2.0");
  return formOf([...Object.entries(fields), ["content", { filename, bytes }]]);
};

/** Sends a request whose body begins, waits for something, and goes on. */
async function sendSlowly(
  rig: Rig,
  method: string,
  path: string,
  token: string,
  body: Uint8Array,
  meanwhile: () => Promise<void>,
) {
  const pieces = [body.subarray(0, 1), body.subarray(1)];
  const slow = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pieces.length === 1) await meanwhile();
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  const init = { method, headers: { ...bearer(token), ...(path.endsWith("/legacy/") && FORM) }, body: slow };
  const { response, settled } = await rig.open(path, init);
  const answer = { status: response.status, text: await response.text() };
  await settled();
  return answer;
}

const state = async () => [
  await rows(),
  ...(await Promise.all(
    ["audit", "token", "hosted_project", "policy_entry"].map(
      async (table) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results,
    ),
  )),
];

test.each([
  ["an upload", "POST", "/team/legacy/", formOfWheel],
  ["a token that it makes", "POST", "/-/api/tokens", json({ name: "mine", index: "team", scopes: ["read", "upload"] })],
  ["a yank", "POST", `${demo}/1.0/yank`, json({ reason: "no" })],
  ["a deletion", "DELETE", `${demo}/1.0`, json({})],
  ["a status", "PUT", `${demo}/status`, json({ status: "archived" })],
  [
    "an entry of a list",
    "POST",
    "/-/api/policy/entries",
    json({ index: "team", kind: "deny", what: ["demo"], reason: "no" }),
  ],
])("a token that is revoked while its request arrives does no more: %s", async (_what, method, path, body) => {
  const rig = new Rig({ INDEXES });
  await upload(rig, await wheelOf());
  const { id, text } = await give(rig, { scopes: ["admin", "upload", "yank", "read"] });
  let before: unknown;
  const answer = await sendSlowly(rig, method, path, text, await body(), async () => {
    const { response, settled } = await rig.open(`/-/api/tokens/${id}`, {
      method: "DELETE",
      headers: bearer(ADMIN_TOKEN),
    });
    expect(response.status).toBe(200);
    await response.text();
    await settled();
    before = await state();
  });
  expect(answer).toEqual({ status: 401, text: expect.stringContaining(UNKNOWN) });
  expect(await state()).toEqual(before);
});

test("a token may revoke itself", async () => {
  const rig = new Rig({ INDEXES });
  const { id, text } = await give(rig, { scopes: ["admin"] });
  const { response, settled } = await rig.open(`/-/api/tokens/${id}`, { method: "DELETE", headers: bearer(text) });
  expect(response.status).toBe(200);
  await response.text();
  await settled();
});
