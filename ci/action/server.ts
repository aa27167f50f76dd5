/** A pypi-edge, and what a job has to show it. */
export interface Server {
  /** Its root; ends in a slash. */
  readonly root: URL;
  /** The root of the index; ends in a slash. */
  readonly base: URL;
  /** Empty: none. */
  readonly token: string;
}

/** A server's refusal; the message is its own sentence. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** The root of a server and of one of its indexes. Throws a sentence where the address is none. */
export function addressesOf(url: string, index: string): Pick<Server, "root" | "base"> {
  const root = URL.parse(url.endsWith("/") ? url : `${url}/`);
  if (!root || !/^https?:$/.test(root.protocol) || root.username + root.password + root.search !== "") {
    throw new Error("url is not an address: pypi-edge's root is expected, such as https://pypi.example.com");
  }
  const [, page] = /\/(simple|legacy)\/$/.exec(root.pathname) ?? [];
  if (page !== undefined) {
    throw new Error(
      `url ends in /${page}, which is an address of an index: pypi-edge's root is expected, such as ${root.origin}, and the index's name in index.`,
    );
  }
  if (!/^[a-z0-9-]*$/.test(index)) throw new Error(`index is ${JSON.stringify(index)}, which is no index's name.`);
  return { root, base: index === "" || index === "default" ? root : new URL(`${index}/`, root) };
}

/**
 * Exchanges the job's identity token for a token of pypi-edge's.
 *
 * @param request asks the CI service for an identity token for this audience
 * @returns empty where the server exchanges none
 */
export async function exchangeToken(root: URL, request: (audience: string) => Promise<string>): Promise<string> {
  const told = await ask(new URL("_/oidc/audience", root)).catch((error: unknown) => {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  });
  if (!told) return "";
  const { audience } = await jsonOf<{ readonly audience: string }>(told, root);
  const body = JSON.stringify({ token: await request(audience) });
  const minted = await ask(new URL("_/oidc/mint-token", root), { method: "POST", body });
  return (await jsonOf<{ readonly token: string }>(minted, root)).token;
}

/** An answer's JSON. Throws a sentence where it is none, as of a page to sign in. */
async function jsonOf<Value>(answer: Response, { href }: URL): Promise<Value> {
  try {
    return (await answer.json()) as Value;
  } catch (error) {
    throw new Error(`${href} does not answer as pypi-edge does. Is url its root, and is no sign-in in front of it?`, {
      cause: error,
    });
  }
}

/** Ends a token. */
export async function burnToken(root: URL, token: string): Promise<void> {
  await ask(new URL("_/oidc/burn-token", root), { method: "POST", body: JSON.stringify({ token }) });
}

/** A lock file with its URLs mapped. Throws the server's sentence. */
export async function mapLock(
  server: Server,
  target: "local" | "canonical",
  filename: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await post(server, `lock/${target}`, { filename }, body);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Has a lock warmed; the lines of the answer, as they come. */
export async function* warmLock(
  server: Server,
  query: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): AsyncGenerator {
  const answer = await post(server, "warm", query, body);
  let text = "";
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

function post(
  { base, token }: Server,
  path: string,
  query: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
) {
  const address = new URL(`-/api/${path}?${new URLSearchParams(query)}`, base);
  return ask(address, { method: "POST", body, headers: token === "" ? {} : { Authorization: `Bearer ${token}` } });
}

/** An answer whose status is 2xx. Throws the server's sentence, or says that none answers. */
export async function ask(address: URL, init: RequestInit = {}): Promise<Response> {
  const headers = { Accept: "text/plain", ...(init.headers as Record<string, string> | undefined) };
  const answer = await fetch(address, { ...init, headers, redirect: "manual" }).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    throw new Error(`No server answers at ${address.origin} (${cause?.code ?? "no connection"}).`, { cause: error });
  });
  if (answer.ok) return answer;
  throw new Refused(answer.status, sentenceOf(address, answer.status, await answer.text()));
}

/** The sentence in a refusal: plain text, or in the JSON of the token exchange. */
function sentenceOf({ origin, pathname }: URL, status: number, text: string): string {
  const said = (detailIn(text) ?? text).trim();
  const sentence =
    said === "" || said.startsWith("<") ? `${origin}${pathname} answered ${status}.` : said.slice(0, 2_000);
  return status === 401 ? `${sentence} A job has an identity token with "permissions: { id-token: write }".` : sentence;
}

/** The `detail` of a problem in JSON; undefined where the text is something else. */
function detailIn(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === "string" ? detail : undefined;
  } catch {
    return undefined;
  }
}
