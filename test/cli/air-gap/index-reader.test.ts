import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { indexReader, RefusedByIndex } from "../../../cli/air-gap/index-reader.ts";
import { CommandError } from "../../../cli/lib/command-error.ts";
import { UnusableFile } from "../../../cli/migrate/source.ts";
import { asFilename } from "../../../worker/pypi/filename.ts";
import { asProjectName } from "../../../worker/pypi/name.ts";

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const [demo, filename] = [asProjectName("demo"), asFilename("demo-1.0.tar.gz")];
if (!demo || !filename) throw new Error("names");

let answer: RequestListener;
let asked: string[] = [];
const waits: number[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
  answer(request, response);
});
let url: URL;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => server.close());

function reading(answers: RequestListener) {
  answer = answers;
  asked = [];
  waits.length = 0;
  return indexReader({ url, token: "t" }, "team", async (milliseconds) => void waits.push(milliseconds));
}

/** A page of `demo` with a file of the index, and one of another host. */
const page = (host: string) => ({
  meta: { "api-version": "1.1" },
  name: "demo",
  files: [
    { filename: "demo-1.0.tar.gz", url: "../../files/files.test/demo-1.0.tar.gz", hashes: { sha256: "a".repeat(64) } },
    { filename: "demo-1.1.tar.gz", url: `https://elsewhere.test/demo-1.1.tar.gz`, hashes: { sha256: "b".repeat(64) } },
  ],
  host,
});

const sent =
  (status: number, type: string, body: string | Buffer): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "Content-Type": type }).end(body);
  };

async function entry() {
  const reader = reading(sent(200, JSON_TYPE, JSON.stringify(page(""))));
  const [found] = (await reader.page(demo as never)).files;
  if (!found) throw new Error("a file");
  return found;
}

describe("an index that is exported", () => {
  test("is asked as clients ask, and only for what is at its own address", async () => {
    const reader = reading(sent(200, JSON_TYPE, JSON.stringify(page(""))));
    const { files } = await reader.page(demo);
    expect(files.map((file) => file.filename)).toEqual(["demo-1.0.tar.gz"]);
    await reader.metadata(files[0] as never);
    await reader.provenance(demo, "1.0", filename);
    expect(asked).toEqual([
      "GET /team/simple/demo/ Bearer t",
      "GET /team/files/files.test/demo-1.0.tar.gz.metadata Bearer t",
      "GET /team/integrity/demo/1.0/demo-1.0.tar.gz/provenance Bearer t",
    ]);
  });

  test.each([
    [403, "application/problem+json", '{"detail":"Denied by the policy."}', "Denied by the policy.", false],
    [451, "application/problem+json", '{"detail":"All of it is denied."}', "All of it is denied.", true],
    [404, "text/plain; charset=utf-8", "There is no such project.\n", "There is no such project.", true],
    [410, "text/html", "<p>", "The index answered 410.", true],
  ])("refuses with %i, which is said, and not asked for again", async (status, type, body, sentence, isForAll) => {
    const error: unknown = await reading(sent(status, type, body))
      .page(demo)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusedByIndex);
    expect(error).toMatchObject({ message: sentence, isForAll });
    expect(asked).toHaveLength(1);
  });

  test.each([500, 502, 503, 507, 429])(
    "that answers %i has failed, which is no absence, and is asked again",
    async (status) => {
      const error: unknown = await reading(sent(status, "text/plain", "Not now."))
        .page(demo)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnusableFile);
      expect([(error as Error).message, asked.length, waits]).toEqual(["Not now.", 3, [1000, 2000]]);
    },
  );

  test("that wants another token ends the command", async () => {
    const error: unknown = await reading(sent(401, "text/plain", "Show a token."))
      .page(demo)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ message: "Show a token.", ending: "refused" });
    await expect(reading(sent(403, "text/plain", "Not yours.")).serial()).rejects.toThrow("Not yours.");
  });

  test("a file that breaks off is asked for again", async () => {
    const file = await entry();
    let tries = 0;
    const reader = reading((_request, response) => {
      response.writeHead(200, { "Content-Length": 4 });
      if (++tries === 2) response.end("abcd");
      else response.write("ab", () => response.destroy());
    });
    const got = await reader.file(file, async ({ size, chunks }) => {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      return `${size} ${Buffer.concat(all).toString()}`;
    });
    expect([got, tries]).toEqual(["4 abcd", 2]);
  });

  test("has a serial, or none", async () => {
    const withSerial: RequestListener = (_request, response) =>
      response.writeHead(200, { "X-PyPI-Last-Serial": "12" }).end();
    expect(await reading(withSerial).serial()).toBe("12");
    expect(asked).toEqual(["GET /team/simple/ Bearer t"]);
    expect(await reading(sent(200, "text/html", "")).serial()).toBeNull();
    expect(await reading(sent(503, "text/plain", "")).serial()).toBeNull();
  });
});
