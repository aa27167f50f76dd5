import { SECOND } from "../../worker/duration.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWheel, type Wheel } from "../demo/wheel.ts";
import { headerOf, type Answer, type CheckClient } from "./client.ts";
import { filesOn, JSON_GZIP, plainOf } from "./page.ts";
import { CannotTry, demand, NotAsExpected, brief, type Report } from "./report.ts";

/** The project that is uploaded to. Its releases are deleted again; their names can never be used for other bytes. */
export const CHECK_PROJECT = "pypi-edge-check";

/** Requests that read what was just written, at the same time. */
const READERS = 5;

/** How long Cloudflare's cache may give a file of an index for anyone after it was deleted, and how often that is looked at. */
const KEPT = 75 * SECOND;
const LOOKS = 5;

interface ToPublish {
  readonly client: CheckClient;
  readonly report: Report;
  /** The index's name; its root, ending in a slash. */
  readonly index: string;
  readonly base: string;
}

/** Uploads a wheel of some hundred bytes, reads it, and deletes it: what an answer says must hold for each request after it. */
export async function tryPublishing({ client, report, index, base }: ToPublish): Promise<void> {
  const wheel = await buildWheel({ name: CHECK_PROJECT, version: `0.${Date.now()}` });
  const page = `${base}simple/${CHECK_PROJECT}/`;
  const pages = () => Promise.all(Array.from({ length: READERS }, () => client.ask(page, { headers: JSON_GZIP })));
  const listing = async () => {
    const answers = await pages();
    return answers.filter((answer) => answer.status === 200 && plainOf(answer).includes(wheel.filename)).length;
  };
  let isPublished = false;

  await report.try("an upload", "200", async () => {
    const began = performance.now();
    const { status, reason } = await upload(client, base, wheel);
    demand(status === 200, `${status} ${brief(reason)}`);
    isPublished = true;
    return `200 after ${Math.round(performance.now() - began)} ms: ${wheel.filename}`;
  });

  await report.try("what was uploaded, right after the answer", "on its page and whole, for each reader", async () => {
    if (!isPublished) throw new CannotTry("nothing was uploaded");
    const seen = await listing();
    demand(seen === READERS, `${seen} of ${READERS} readers see it`);
    const { status, body } = await client.ask(
      fileOf(await client.ask(page, { headers: JSON_GZIP }), wheel, page, client),
    );
    demand(status === 200 && body.equals(wheel.bytes), `the file: ${status}, ${body.byteLength} bytes`);
    return `${seen} of ${READERS} readers see it`;
  });

  await report.try("what was deleted, right after the answer", "on no page; its file gone", async () => {
    if (!isPublished) throw new CannotTry("nothing was uploaded");
    const file = fileOf(await client.ask(page, { headers: JSON_GZIP }), wheel, page, client);
    const release = `-/api/indexes/${index}/projects/${CHECK_PROJECT}/${wheel.version}`;
    const { status, body } = await client.ask(release, { method: "DELETE" });
    if (status === 401 || status === 403) throw new CannotTry(`the token may not delete: ${wheel.filename} stays`);
    demand(status === 200, `${status} ${brief(body.toString())}`);
    const seen = await listing();
    demand(seen === 0, `${seen} of ${READERS} readers still see it`);
    return `on no page; its file ${await goneAfter(client, file)}`;
  });
}

/** Where the file is, by its page. */
function fileOf(answer: Answer, { filename }: Wheel, page: string, client: CheckClient): string {
  const file = filesOn(answer, page, client).find((each) => each.filename === filename);
  demand(file !== undefined, "its page does not list the file");
  return file.path;
}

async function goneAfter(client: CheckClient, path: string): Promise<string> {
  const began = performance.now();
  for (let looks = 0; looks <= LOOKS; looks++) {
    const answer = await client.ask(path);
    const seconds = Math.round((performance.now() - began) / SECOND);
    if (answer.status === 404) return `gone after ${seconds} s`;
    const isKept =
      headerOf(answer, "cf-cache-status") === "HIT" && /\bpublic\b/.test(headerOf(answer, "cache-control"));
    demand(isKept, `the file is given by the worker: ${answer.status}`);
    if (looks < LOOKS) await sleep(KEPT / LOOKS);
  }
  throw new NotAsExpected(`Cloudflare's cache gives the file after ${KEPT / SECOND} s`);
}

/** As twine sends it. */
async function upload(client: CheckClient, base: string, { project, version, filename, bytes, sha256 }: Wheel) {
  const form = new FormData();
  const fields = {
    ":action": "file_upload",
    protocol_version: "1",
    metadata_version: "2.1",
    filetype: "bdist_wheel",
    pyversion: "py3",
    name: project,
    version,
    sha256_digest: sha256,
  };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("content", new Blob([new Uint8Array(bytes)]), filename);
  const encoded = new Response(form);
  return client.ask(`${base}legacy/`, {
    method: "POST",
    headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
    body: new Uint8Array(await encoded.arrayBuffer()),
  });
}
