/** A request as its bytes. In `{braces}` stand names of what a server has told in an earlier answer, such as a token. */
export interface Recorded {
  readonly text: string;
  /** Whether the client is cut off after it. */
  readonly cut: boolean;
  /** What is taken from the answer for later requests: a name, and a member of the JSON that was answered. */
  readonly learn: Readonly<Record<string, string>>;
  /** Sent again until the answer comes from what is stored: the first one fetches it. */
  readonly warm: boolean;
}

type Headers = Readonly<Record<string, string>>;

interface Sent {
  readonly headers?: Headers;
  readonly body?: string;
  readonly cut?: boolean;
  readonly learn?: Headers;
  readonly warm?: boolean;
}

/** One request, with the length of its body unless the headers say how long it is. A body has a character for each byte. */
export function request(method: string, path: string, sent: Sent = {}): Recorded {
  const { headers = {}, body, cut = false, learn = {}, warm = false } = sent;
  const isFramed = body === undefined || "Content-Length" in headers || "Transfer-Encoding" in headers;
  const all = {
    Host: "edge.test",
    Connection: "close",
    // Cloudflare's own header: the worker there has the client's address from it, and here from the socket.
    "CF-Connecting-IP": "127.0.0.1",
    ...(!isFramed && { "Content-Length": String(body.length) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return { text: `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`, cut, learn, warm };
}

export const JSON_PAGE = "application/vnd.pypi.simple.v1+json";

/** Requests that read an address, which may be there or not: representations, parts, validators, other methods, a cut body. */
export function reads(path: string, headers: Headers = {}): Recorded[] {
  const get = (more: Headers) => request("GET", path, { headers: { ...headers, ...more } });
  return [
    request("GET", path, { headers, warm: true }),
    get({}),
    request("HEAD", path, { headers }),
    get({ Accept: JSON_PAGE }),
    get({ Accept: "text/html", "Accept-Encoding": "gzip" }),
    get({ Accept: "image/png" }),
    get({ Range: "bytes=0-9" }),
    get({ Range: "bytes=-5" }),
    get({ Range: "bytes=99999999-" }),
    get({ Range: "bytes=nonsense" }),
    get({ Range: "bytes=0-9", "If-Range": '"another"' }),
    get({ "If-None-Match": "*" }),
    get({ "If-None-Match": '"another"' }),
    get({ "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT" }),
    get({ "If-Modified-Since": "nonsense" }),
    get({ Authorization: "Basic bm9ib2R5" }),
    request("HEAD", path, { headers: { ...headers, Range: "bytes=0-9" } }),
    request("OPTIONS", path, { headers: { Origin: "https://page.test" } }),
    request("DELETE", path, { headers }),
    request("PUT", path, { headers: { ...headers, "Content-Length": "100" }, body: "half", cut: true }),
    request("GET", `${path}?unknown=%zz`, { headers }),
  ];
}

/** Requests that would change something and are refused: without rights, malformed, cut and misframed bodies, other methods. */
export function refusedWrites(method: string, path: string, headers: Headers): Recorded[] {
  const send = (body: string, more: Headers = {}, cut = false) =>
    request(method, path, { headers: { ...headers, ...more }, body, cut });
  return [
    request(method, path, { body: "{}" }),
    request(method, path, { headers: { Authorization: "Bearer unknown" }, body: "{}" }),
    send("{nonsense"),
    send('{"unknown": 1}'),
    send("\0\xff\xfe"),
    send("{}", { "Sec-Fetch-Site": "cross-site" }),
    send('{"half":', { "Content-Length": "100" }, true),
    send("3\r\n{}", { "Transfer-Encoding": "chunked" }, true),
    send("zz\r\n{}\r\n", { "Transfer-Encoding": "chunked" }, true),
    request("GET", path),
    request("HEAD", path),
    request("OPTIONS", path, { headers: { Origin: "https://page.test" } }),
    request("PATCH", path, { headers, body: "{}" }),
  ];
}

/** A form as publishing clients send it. */
export function form(fields: Headers, filename: string, content: Uint8Array): { headers: Headers; body: string } {
  const parts = Object.entries(fields).map(([name, value]) => part(`name="${name}"`, value));
  parts.push(part(`name="content"; filename="${filename}"`, Buffer.from(content).toString("latin1")));
  const headers = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
  return { headers, body: `${parts.join("")}--${BOUNDARY}--\r\n` };
}

const BOUNDARY = "00000000000000000000000000000042";

const part = (disposition: string, value: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
