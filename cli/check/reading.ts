import { createHash } from "node:crypto";
import { headerOf, type Answer, type CheckClient } from "./client.ts";
import { filesOn, JSON_GZIP, plainOf, type CheckedFile } from "./page.ts";
import { CannotTry, demand, brief, type Report } from "./report.ts";

/** What is read: a project of an index. */
export interface ToRead {
  readonly client: CheckClient;
  readonly report: Report;
  /** The page's path below the root. */
  readonly page: string;
}

/** What reading has found for the tries that follow. */
export interface Found {
  /** The page, asked for as JSON; undefined where it could not be had. */
  readonly page: Answer | undefined;
  readonly files: readonly CheckedFile[];
}

/** Tries the page's forms, and one file: whole, by HEAD and in parts. */
export async function tryReading({ client, report, page }: ToRead): Promise<Found> {
  let json: Answer | undefined;
  let files: CheckedFile[] = [];
  const pageOrNot = () => {
    if (!json) throw new CannotTry("there is no page");
    return json;
  };
  const fileOrNot = () => {
    const [file] = files.toSorted((a, b) => a.size - b.size);
    if (!file) throw new CannotTry("its page has no file of at most 8 MB with a digest");
    return file;
  };

  await report.try("a page as JSON", "200, the stored gzip bytes, a strong ETag", async () => {
    const answer = await client.ask(page, { headers: JSON_GZIP });
    demand(answer.status === 200, `${answer.status} ${brief(answer.body.toString())}`);
    const coding = headerOf(answer, "content-encoding");
    const etag = headerOf(answer, "etag");
    const isGzip = coding === "gzip" && answer.body[0] === 0x1f && answer.body[1] === 0x8b;
    demand(isGzip, `Content-Encoding: ${brief(coding) || "none"}`);
    demand(/^".+\.gz"$/.test(etag), `ETag: ${brief(etag) || "none"}; something on the way has changed the body`);
    files = filesOn(answer, page, client);
    json = answer;
    return `200, ${answer.body.byteLength} bytes, ${files.length} files to choose from`;
  });

  await report.try("the same without gzip, and as HTML", "each its own form and ETag", async () => {
    const first = pageOrNot();
    const plain = await client.ask(page, { headers: { ...JSON_GZIP, "Accept-Encoding": "identity" } });
    const html = await client.ask(page, { headers: { Accept: "text/html", "Accept-Encoding": "gzip" } });
    demand(
      headerOf(plain, "content-encoding") === "",
      `Content-Encoding: ${brief(headerOf(plain, "content-encoding"))}`,
    );
    demand(plainOf(first).equals(plain.body), "another page");
    const type = headerOf(html, "content-type");
    demand(type.startsWith("text/html"), `Content-Type: ${brief(type)}: a cache has mixed up the forms`);
    const tags = new Set([first, plain, html].map((answer) => headerOf(answer, "etag")));
    demand(tags.size === 3, `${tags.size} ETags`);
    return "three forms, three ETags";
  });

  await report.try("the same by HEAD, and with its ETag", "no body; 304", async () => {
    const etag = headerOf(pageOrNot(), "etag");
    const head = await client.ask(page, { method: "HEAD", headers: JSON_GZIP });
    demand(head.status === 200 && head.body.byteLength === 0, `HEAD: ${head.status}`);
    const again = await client.ask(page, { headers: { ...JSON_GZIP, "If-None-Match": etag } });
    demand(again.status === 304, `If-None-Match: ${again.status}`);
    return "200 without a body, 304";
  });

  await report.try("a file", "200, the bytes of its digest", async () => {
    const file = fileOrNot();
    const answer = await client.ask(file.path);
    const sha256 = createHash("sha256").update(answer.body).digest("hex");
    demand(answer.status === 200, `${answer.status} ${brief(answer.body.toString())}`);
    demand(sha256 === file.sha256, `${answer.body.byteLength} bytes with another SHA-256`);
    return `200, ${file.size} bytes of ${brief(file.filename)}`;
  });

  await report.try("parts of it, and its HEAD", "206 with these bytes, 416 beyond its end, its size", async () => {
    const { path, size } = fileOrNot();
    const whole = (await client.ask(path)).body;
    for (const [range, from, to] of [
      ["bytes=0-9", 0, 10],
      [`bytes=${size - 5}-`, size - 5, size],
      ["bytes=-5", size - 5, size],
    ] as const) {
      const { status, headers, body } = await client.ask(path, { headers: { Range: range } });
      const said = headerOf({ headers }, "content-range");
      demand(status === 206 && body.equals(whole.subarray(from, to)), `${range}: ${status}, ${body.byteLength} bytes`);
      demand(said === `bytes ${from}-${to - 1}/${size}`, `${range}: Content-Range: ${brief(said)}`);
    }
    const beyond = await client.ask(path, { headers: { Range: `bytes=${size}-` } });
    demand(beyond.status === 416, `beyond its end: ${beyond.status}`);
    const head = await client.ask(path, { method: "HEAD" });
    demand(headerOf(head, "content-length") === String(size), `HEAD: ${brief(headerOf(head, "content-length"))} bytes`);
    return "three parts, 416, its size";
  });

  await report.try("a project that does not exist", "404, with a sentence", async () => {
    const absent = `${page.slice(0, page.lastIndexOf("/", page.length - 2))}/pypi-edge-check-${Date.now().toString(36)}/`;
    const { status, body } = await client.ask(absent, { headers: { Accept: "text/plain" } });
    demand(status === 404, String(status));
    return `404 ${brief(body.toString().trim())}`;
  });

  return { page: json, files };
}
