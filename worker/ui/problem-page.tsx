import type { Context as HonoContext } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../http/context.ts";
import { problem } from "../http/problem.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";

/** What the page needs of an index. */
interface FailingIndex extends Pick<PagePlace, "name" | "base"> {
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "This cannot be asked",
  429: "Too many requests",
  503: "Not now",
};

/** The answer to an error: for browsers its sentence in a page, with the status and the headers that all clients get. */
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
  return sendHtml(
    c,
    <Layout title={`${title} · ${index.name}`} place={pagePlace(c, index, index.publicUrl)}>
      <h1>{title}</h1>
      <p class="lead">{sentence}</p>
    </Layout>,
    status as ContentfulStatusCode,
  );
}
