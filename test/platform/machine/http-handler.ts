/**
 * What the suite of HTTP asks: runs in workerd and on Node, and tells what it was given. The file has no imports, since
 * workerd gets it as one module.
 */

const text = new TextEncoder();

/** What has happened to answers and requests that their clients left. */
const happened: string[] = [];

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A body of unknown length: `chunks`, with a pause before each but the first, and an error after them where there is one. */
function streamed(chunks: readonly string[], error?: string): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at > 0) await pause(30);
      const chunk = chunks[at];
      at += 1;
      if (chunk !== undefined) controller.enqueue(text.encode(chunk));
      else if (error === undefined) controller.close();
      else controller.error(new Error(error));
    },
  });
}

/** Bytes without an end, until somebody cancels them. */
const endless = () =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await pause(1);
      controller.enqueue(new Uint8Array(16 * 1024));
    },
    cancel() {
      happened.push("the endless body was cancelled");
    },
  });

async function sizeOf(request: Request): Promise<Response> {
  let size = 0;
  let sum = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      for (const byte of chunk) sum = (sum * 31 + byte) % 1_000_003;
    }
    return Response.json({ size, sum });
  } catch {
    happened.push("a request's body broke off");
    return new Response(`broke off after ${size} bytes\n`, { status: 400 });
  }
}

async function firstBytes(request: Request, count: number): Promise<Response> {
  const reader = request.body?.getReader({ mode: "byob" });
  const read = await reader?.read(new Uint8Array(count));
  await reader?.cancel();
  return new Response(read?.value ?? null);
}

const ANSWERS: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  "/string": () => new Response("hello"),
  "/bytes": () => new Response(text.encode("hello")),
  "/large": () => new Response(new Uint8Array(3_000_000).fill(97)),
  "/empty": () => new Response(""),
  "/none": () => new Response(null),
  "/none-declared": () => new Response(null, { headers: { "Content-Length": "5" } }),
  "/204": () => new Response(null, { status: 204 }),
  "/304": () => new Response(null, { status: 304, headers: { ETag: '"a"' } }),
  "/reason": () => new Response("no", { status: 400, statusText: "The name is taken" }),
  "/cookies": () =>
    new Response("x", {
      headers: [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Vary", "Accept"],
        ["Vary", "Range"],
      ],
    }),
  "/connection": () => new Response("x", { headers: { Connection: "upgrade", "Keep-Alive": "timeout=9" } }),
  "/coded": () =>
    new Response(new Uint8Array([1, 2, 3]), { headers: { "Content-Encoding": "gzip" }, encodeBody: "manual" }),
  "/streamed": () => new Response(streamed(["one, ", "two, ", "three"])),
  "/fails-at-once": () => new Response(streamed([], "at once")),
  "/fails-later": () => new Response(streamed(["one, ", "two, "], "later")),
  "/throws": () => {
    throw new Error("The handler has failed.");
  },
  "/endless": () => new Response(endless()),
  "/size": sizeOf,
  "/first-3": (request) => firstBytes(request, 3),
  "/unread": () => new Response("unread"),
  "/refused": () => new Response("refused", { status: 401 }),
  "/happened": () => Response.json(happened.splice(0)),
};

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { url, method } = request;
    const answer = ANSWERS[url.slice(url.indexOf("/", 8))];
    return answer ? answer(request) : Response.json({ url, method, headers: [...request.headers] });
  },
};
