import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { carriedApi } from "../../../cli/air-gap/carried-api.ts";
import { CommandError } from "../../../cli/lib/command-error.ts";

const STATE = { source: "carried", chain: null, sequence: 0, manifest: null, at: null, open: null };

let answer: RequestListener;
const server = createServer((request, response) => answer(request, response));
let url: URL;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => server.close());

/** Calls the API of a server that answers so. */
async function calling<Result>(
  answers: RequestListener,
  call: (api: ReturnType<typeof carriedApi>) => Promise<Result>,
) {
  answer = answers;
  const api = carriedApi({ url, token: "t" }, "far", "carried");
  try {
    return await call(api);
  } finally {
    await api.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("the API that receives", () => {
  test("is called at the index, for its source, with all of a member", async () => {
    const asked: string[] = [];
    await calling(
      async (request, response) => {
        const { method, headers } = request;
        const body = await textOf(request);
        asked.push(`${method} ${request.url} ${headers.authorization} ${headers["content-length"] ?? "-"} ${body}`);
        response.setHeader("Content-Type", "application/json").end(method === "PUT" ? "" : JSON.stringify(STATE));
      },
      async (api) => {
        expect(await api.state()).toEqual(STATE);
        await api.begin("m", "s");
        await api.put(2, bytes("ab", "cd"), 4);
        await api.put(3, bytes(), 0);
        await api.done();
      },
    );
    expect(asked).toEqual([
      "GET /far/-/api/carried?source=carried Bearer t - ",
      'POST /far/-/api/carried?source=carried Bearer t 32 {"manifest":"m","signature":"s"}',
      "PUT /far/-/api/carried/members/2?source=carried Bearer t 4 abcd",
      "PUT /far/-/api/carried/members/3?source=carried Bearer t 0 ",
      "POST /far/-/api/carried/done?source=carried Bearer t 0 ",
    ]);
  });

  test("refuses with a sentence, and breaks off with another one", async () => {
    const refused: RequestListener = async (request, response) => {
      // What breaks off has no answer.
      if ((await textOf(request).catch(() => undefined)) === undefined) return;
      response.writeHead(422, { "Content-Type": "text/plain" }).end("It has other bytes.\n");
    };
    const put = (answers: RequestListener, body = bytes("ab", "cd")) =>
      calling(answers, (api) => api.put(1, body, 4)).catch((error: unknown) => error);
    expect(await put(refused)).toMatchObject({ message: "It has other bytes.", status: 422 });
    expect(await put((request) => request.destroy())).toMatchObject({
      message: expect.stringMatching(/does not answer any more .* Run the command again/),
      ending: "unreachable",
    });
    async function* unreadable(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("ab");
      throw new CommandError("The disc is gone.");
    }
    expect(await put(refused, unreadable())).toMatchObject({ message: "The disc is gone." });
  });

  test("is given a member piece by piece, not one that was read whole before", async () => {
    const [count, size] = [100, 1024 ** 2];
    let [drawn, arrived, ahead] = [0, 0, 0];
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < count; at++) {
        drawn += size;
        ahead = Math.max(ahead, drawn - arrived);
        yield Buffer.alloc(size, at);
      }
    }
    await calling(
      async (request, response) => {
        for await (const part of request) arrived += (part as Buffer).length;
        response.writeHead(204).end();
      },
      (api) => api.put(1, many(), count * size),
    );
    expect(arrived).toBe(count * size);
    // What the buffers of both ends and of the system hold is some MiB.
    expect(ahead).toBeLessThan((count * size) / 2);
  });
});
