import type { Fetch } from "../../worker/platform/platform.ts";
import { describe, expect, test } from "vitest";
import { IndexError } from "../../worker/errors.ts";
import type { Changes } from "../../worker/repository/ports/change-log.ts";
import { changesAt } from "../../worker/upstream/changes.ts";
import { UpstreamClient } from "../../worker/upstream/client.ts";

const INDEX = new URL("https://index.test/simple/");
const NOW = Date.parse("2026-11-22T12:00:00Z");

/** An index whose log answers this, and the requests it got. */
function log(answer: (request: Request) => Response | Promise<Response>, credentials?: string) {
  const requests: Request[] = [];
  const fetch: Fetch = async (url, init) => {
    const request = new Request(url, init);
    requests.push(request.clone());
    return answer(request);
  };
  const client = new UpstreamClient(fetch, INDEX, () => NOW, { credentials });
  return { feed: changesAt(INDEX, client), client, requests };
}

const saying = (body: BodyInit | null, init?: ResponseInit) => log(() => new Response(body, init)).feed;

/** As Python's xmlrpc.client writes it. */
const xml = (value: string) =>
  `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>${value}</value>\n</param>\n</params>\n</methodResponse>\n`;
const list = (rows: string) => xml(`<array><data>\n${rows}</data></array>`);
const row = (name: string, serial: string, version = "<value><string>1.0</string></value>") =>
  `<value><array><data>\n${name}\n${version}\n<value><int>1763800000</int></value>\n` +
  `<value><string>add source file &quot;x&quot; &amp; more</string></value>\n${serial}\n</data></array></value>\n`;
const string = (text: string) => `<value><string>${text}</string></value>`;
const int = (number: number | string) => `<value><int>${number}</int></value>`;
const change = (name: string, serial: number) => row(string(name), int(serial));
const fault = (code: number, text: string) =>
  `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>${code}</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>${text}</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n`;

const HTML = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><p>Hello<br>you</body></html>";
const read = (changes: Changes | "gap" | null) =>
  changes === null || changes === "gap" ? changes : [Object.fromEntries(changes.projects), changes.last];

describe("a log of changes", () => {
  test("is asked with one POST next to the Simple API, with the upstream's credentials", async () => {
    const { feed, requests } = log(() => new Response(xml("<int>31557600</int>")), "me:secret");
    expect(await feed.lastSerial()).toBe(31_557_600);
    const [request] = requests;
    expect([request?.method, request?.url, request?.headers.get("Content-Type")]).toEqual([
      "POST",
      "https://index.test/pypi",
      "text/xml",
    ]);
    expect(request?.headers.get("Authorization")).toBe(`Basic ${btoa("me:secret")}`);
    expect(await request?.text()).toBe(
      '<?xml version="1.0"?><methodCall><methodName>changelog_last_serial</methodName><params></params></methodCall>',
    );
  });

  test("comes to each project's last serial, names normalised, and the last of all", async () => {
    const { feed, requests } = log(
      () =>
        new Response(
          list(
            change("Foo.Bar", 12) +
              row(string("baz"), int(13), "<value><nil/></value>") +
              row("<value>foo-bar</value>", "<value><i4>15</i4></value>", "<value><nil></nil></value>") +
              change("foo_bar", 14),
          ),
        ),
    );
    expect(read(await feed.since(11))).toEqual([{ "foo-bar": 15, baz: 13 }, 15]);
    expect(await requests[0]?.text()).toContain(
      "<methodName>changelog_since_serial</methodName><params><param><value><int>11</int></value></param></params>",
    );
  });

  test("passes over rows of what is no project's name, but for the last serial", async () => {
    const rows = [string("a&lt;b&gt;c"), "<value><nil/></value>", string(""), string("x".repeat(5_000)), string("é")];
    const text = list(rows.map((name, at) => row(name, int(20 + at))).join("") + change("caf&#101;", 19));
    expect(read(await saying(text).since(1))).toEqual([{ cafe: 19 }, 24]);
  });

  test("that has nothing new says so", async () => {
    expect(read(await saying(list("")).since(11))).toEqual([{}, undefined]);
  });

  test("may arrive a byte at a time", async () => {
    const bytes = new TextEncoder().encode(list(change("demo", 12) + change("other", 13)));
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const written = (async () => {
      for (const byte of bytes) await writer.write(new Uint8Array([byte]));
      await writer.close();
    })();
    expect(read(await saying(readable).since(11))).toEqual([{ demo: 12, other: 13 }, 13]);
    await written;
  });

  test("of 49,999 rows is read, one of 50,000 is a gap, and so is one above 32 MiB", async () => {
    const rows = Array.from({ length: 49_999 }, (_, at) => change(`p-${at}`, at + 1)).join("");
    const most = await saying(list(rows)).since(0);
    expect(most !== null && most !== "gap" && [most.projects.size, most.last]).toEqual([49_999, 49_999]);
    expect(await saying(list(rows + change("last", 60_000))).since(0)).toBe("gap");
    const long = row(string("demo"), int(5), string("x".repeat(1024 * 1024)));
    expect(await saying(list(long.repeat(33))).since(0)).toBe("gap");
  });

  test("that never ends is not read to its end", async () => {
    let cancelled = false;
    const piece = new TextEncoder().encode(change("demo", 5).repeat(1_000));
    const endless = new ReadableStream<Uint8Array>({
      start(controller) {
        const head = "<?xml version='1.0'?><methodResponse><params><param><value><array><data>";
        controller.enqueue(new TextEncoder().encode(head));
      },
      pull: (controller) => controller.enqueue(piece),
      cancel: () => void (cancelled = true),
    });
    expect(await saying(endless).since(0)).toBe("gap");
    expect(cancelled).toBe(true);
  });
});

describe("there is no log", () => {
  test.each([404, 405, 410, 501])("where the answer is %i", async (status) => {
    const feed = saying(HTML, { status });
    expect([await feed.lastSerial(), await feed.since(1)]).toEqual([null, null]);
  });

  test.each([
    ["a page", HTML],
    ["XHTML", `<?xml version="1.0"?>\n${HTML}`],
    ["a page without much", "<h1>It works!</h1>"],
    ["JSON", '{"detail": "<b>no</b>"}'],
    ["text", "Not here."],
    ["a fault that says so (pyramid)", fault(-32601, "server error; requested method not found")],
    ["a fault that says so (Python)", fault(1, "&lt;class 'Exception'&gt;:method &quot;x&quot; is not supported")],
    ["a fault that says so", fault(0, "No such method")],
  ])("where the answer is %s", async (_what, text) => {
    const feed = saying(text);
    expect([await feed.lastSerial(), await feed.since(1)]).toEqual([null, null]);
  });
});

describe("a log fails, and is not absent,", () => {
  test.each([
    ["cut", list(change("demo", 12)).slice(0, -30)],
    ["cut within a row", list(change("demo", 12)).slice(0, 200)],
    ["cut before it begins", "<?xml version='1.0'?>\n<methodRes"],
    ["nothing", ""],
    ["with another row within", list(row(string("demo"), "<value><array><data/></array></value>"))],
    ["with four values in a row", list(row(string("demo"), "", ""))],
    ["with a value where a row should be", list(int(3))],
    ["with an empty row", list("<value></value>")],
    ["with a serial that is text", list(row(string("demo"), string("12")))],
    ["with a serial that is a fraction", list(row(string("demo"), int("12.5")))],
    ["with a negative serial", list(row(string("demo"), int(-12)))],
    ["with a serial too large to count with", list(row(string("demo"), int("9007199254740993")))],
    ["from before what was asked for", list(change("demo", 10))],
    ["with text between its rows", list(`${change("demo", 12)}oops`)],
    ["a single number", xml("<int>12</int>")],
    ["without a value", "<?xml version='1.0'?><methodResponse></methodResponse>"],
    ["twice", list(change("demo", 12)).repeat(2)],
    ["other XML", "<?xml version='1.0'?><rss><channel/></rss>"],
    ["another fault", fault(-32500, "RuntimeError: out of order")],
  ])("where its answer is %s", async (_what, text) => {
    await expect(saying(text).since(11)).rejects.toMatchObject({
      kind: "upstream-failed",
      retryAfterSeconds: undefined,
    });
  });

  test.each([
    ["a list", list("")],
    ["nil", xml("<nil/>")],
    ["text", xml("<string>12</string>")],
    ["without end", xml(`<int>${"1".repeat(100_000)}</int>`)],
  ])("where its last serial is %s", async (_what, text) => {
    await expect(saying(text).lastSerial()).rejects.toMatchObject({ kind: "upstream-failed" });
  });

  test.each([500, 502, 503, 429, 403])("where the answer is %i, and it is asked once", async (status) => {
    const { feed, requests } = log(() => new Response("no", { status }));
    await expect(feed.since(11)).rejects.toMatchObject({ kind: "upstream-failed" });
    expect(requests).toHaveLength(1);
  });

  test("where it redirects: what was posted goes nowhere else", async () => {
    const { feed, requests } = log(() => Response.redirect("https://index.test/other", 307));
    await expect(feed.since(11)).rejects.toMatchObject({
      message: expect.stringContaining("redirect, which is not followed"),
    });
    expect(requests).toHaveLength(1);
  });

  test("where no connection can be made, once, and pages of the same host are asked for all the same", async () => {
    const { feed, client, requests } = log((request) => {
      if (request.method === "POST") throw new Error("connection refused");
      return new Response("a page");
    });
    await expect(feed.since(11)).rejects.toMatchObject({ kind: "upstream-failed" });
    expect(requests).toHaveLength(1);
    expect((await client.open(new URL("demo/", INDEX), { headers: {} }))?.response.status).toBe(200);
  });
});

describe("an upstream that wants to be left alone", () => {
  const asked = async (response: () => Response) => {
    const error: unknown = await log(response)
      .feed.since(11)
      .catch((thrown: unknown) => thrown);
    return error instanceof IndexError ? error.retryAfterSeconds : error;
  };
  const after =
    (value: string, status = 429) =>
    () =>
      new Response("slow down", { status, headers: { "Retry-After": value } });

  test("says for how long, in seconds or as a date, and is believed for an hour", async () => {
    expect([
      await asked(after("120")),
      await asked(after("30", 503)),
      await asked(after("Sun, 22 Nov 2026 12:02:00 GMT")),
      await asked(after("Sun, 22 Nov 2026 11:00:00 GMT")),
      await asked(after("999999999")),
      await asked(after("soon")),
      await asked(after("120", 500)),
    ]).toEqual([120, 30, 120, 0, 3_600, undefined, undefined]);
  });

  test("may say so in a fault, as PyPI does", async () => {
    const text = "HTTPTooManyRequests: The action could not be performed. Limit may reset in 45 seconds.";
    expect(await asked(() => new Response(fault(-32500, text)))).toBe(45);
  });

  test("of pages is believed as well, and is not taken for a host that is away", async () => {
    const { client, requests } = log(after("7"));
    const url = new URL("demo/", INDEX);
    for (let n = 0; n < 2; n++) {
      await expect(client.open(url, { headers: {} })).rejects.toMatchObject({ retryAfterSeconds: 7 });
    }
    // It is not asked again before.
    expect([requests.length, client.isAway()]).toEqual([1, false]);
  });
});
