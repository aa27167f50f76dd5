import type { Context as HonoContext } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { DEFAULT } from "../../schema/indexes.ts";
import { ownOrigin, showsCredential } from "../http/claimant.ts";
import type { AppEnv } from "../http/context.ts";
import { queryOf, refererBelow } from "../http/path.ts";
import { problem } from "../http/problem.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";
import { SignInForm } from "./operate/sign-in-form.tsx";

/** What the page needs of an index. */
interface FailingIndex extends Pick<PagePlace, "name" | "base"> {
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "This cannot be asked",
  401: "Sign in",
  403: "Not allowed",
  404: "Nothing here",
  409: "Sent before",
  422: "This cannot be done",
  429: "Too many requests",
  503: "Not now",
};

/**
 * The answer to an error where no page has one of its own: what every client gets, and a page where a browser opens an address or sends
 * a form. Installers send no such header.
 */
export const problemAnywhere = (c: HonoContext<AppEnv>, error: unknown, publicUrl: string) =>
  c.req.header("Sec-Fetch-Mode") === "navigate"
    ? problemPage(c, error, { name: DEFAULT, base: "", publicUrl })
    : problem(error, c);

/**
 * The answer to an error: for browsers its sentence in a page, with the status and the headers that all clients get. Where a token is
 * needed, the page has a form for one, and asks for none by a challenge: browsers would open a window of their own.
 */
export async function problemPage(c: HonoContext<AppEnv>, error: unknown, index: FailingIndex): Promise<Response> {
  const answer = problem(error, c);
  const { status, headers } = answer;
  const isSentence = headers.get("Content-Type")?.startsWith("text/plain");
  if (!isSentence || !/\btext\/html\b/.test(c.req.header("Accept") ?? "")) return answer;
  const sentence = (await answer.text()).trim();
  const title = TITLES[status] ?? "Something went wrong";
  for (const name of ["Vary", "Retry-After"]) {
    const value = headers.get(name);
    if (value !== null) c.header(name, value);
  }
  const place = pagePlace(c, index, index.publicUrl);
  // What a form was sent to cannot be opened: the page that has it can.
  const isForm = c.req.method === "POST";
  const root = new URL(index.publicUrl || ownOrigin(c, "").origin);
  const formPage = isForm ? refererBelow(c.req.header("Referer"), root) : "";
  const next = isForm ? formPage : place.path + queryOf(c.req.url);
  const isNew = !isForm && !showsCredential(c);
  if (status === 401) c.header("WWW-Authenticate", 'Bearer realm="pypi-edge"');
  return sendHtml(
    c,
    <Layout title={`${title} · ${index.name}`} place={place}>
      <h1>{title}</h1>
      {status === 401 ? (
        <SignInForm c={c} place={place} next={next} lead={isNew ? NEEDS_TOKEN : sentence} />
      ) : (
        <p class="lead">{sentence}</p>
      )}
      {formPage !== "" && status !== 401 && (
        <p>
          <a href={place.up + formPage.slice(1)}>The page of this form</a>
        </p>
      )}
      {(status === 404 || status === 400) && (
        <p>
          <a href={place.up}>The indexes of this server</a>
        </p>
      )}
      {status === 403 && place.forms && (
        <p>
          <a href={`${place.up}-/sign-in`}>Who you are here</a>
        </p>
      )}
    </Layout>,
    status as ContentfulStatusCode,
  );
}

/** What is said to installers names ways that are not for a browser. */
const NEEDS_TOKEN = "This page is for those who have a token for it.";
