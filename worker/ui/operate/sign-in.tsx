import { changeableProjects, indexText } from "../../../schema/token.ts";
import { Hono, type Context as HonoContext } from "hono";
import { DEFAULT, type IndexConfig } from "../../../schema/indexes.ts";
import { inSeconds } from "../../duration.ts";
import { badRequest, IndexError } from "../../errors.ts";
import {
  claimantOf,
  keepsSessions,
  ownOrigin,
  sessionCookie,
  sessionIn,
  showsCredential,
} from "../../http/claimant.ts";
import type { AppEnv } from "../../http/context.ts";
import { requireOwnPage } from "../../http/cross-origin.ts";
import { readForm, seeOther } from "../../http/forms.ts";
import { allowOnly } from "../../http/limits.ts";
import type { Settling } from "../../http/settle.ts";
import { may, type SignedIn, type SignIns } from "../../http/signed-in.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "../layout.tsx";
import { Badge } from "../parts.tsx";
import { problemPage } from "../problem-page.tsx";
import { DayOrNever } from "../token-cells.tsx";
import { operatePagesFor } from "./pages.ts";
import { SignInForm } from "./sign-in-form.tsx";

/** What the pages need. */
interface SignInParts extends SignIns {
  readonly settling: Pick<Settling, "settle">;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly indexes: readonly Pick<IndexConfig, "name" | "base" | "isPrivate">[];
}

const ROOT = { name: DEFAULT, base: "" };
const HERE = "/-/sign-in";

/** How a browser signs in with a token and out again; to be mounted at the server's root. */
export function signInRoutes(parts: SignInParts): Hono<AppEnv> {
  const { publicUrl, indexes, identify, signIn, signOut, settling } = parts;
  const routes = new Hono<AppEnv>();
  routes.use(HERE, allowOnly("GET", "HEAD", "POST"));
  routes.use("/-/sign-out", allowOnly("POST"));

  routes.get(HERE, async (c) => {
    const place = pagePlace(c, ROOT, publicUrl);
    const next = nextIn(c.req.query("next"));
    if (!showsCredential(c)) return signInPage(c, place, next);
    const who = await identify(claimantOf(c), c.get("ctx")).catch(refusal);
    if (who instanceof IndexError) return signInPage(c, place, next, who);
    return sendHtml(c, <WhoYouAre place={place} who={who} indexes={indexes} />);
  });

  routes.post(HERE, async (c) => {
    requireOwnPage(c, publicUrl);
    const fields = await readForm(c.req.raw);
    const next = nextIn(fields.get("next") ?? undefined);
    if (!keepsSessions(ownOrigin(c, publicUrl))) throw badRequest(PLAIN);
    const ctx = c.get("ctx");
    const { origin } = claimantOf(c);
    const token = (fields.get("token") ?? "").trim();
    const opened = token === "" ? NOTHING_TYPED : await signIn(token, origin, ctx).catch(refusal);
    if (opened instanceof IndexError) return signInPage(c, pagePlace(c, ROOT, publicUrl), next, opened);
    const seconds = Math.max(0, Math.floor(inSeconds(opened.expiresAt - ctx.now)));
    const answer = seeOther(c, next);
    answer.headers.append("Set-Cookie", sessionCookie(c, opened.value, seconds, publicUrl));
    return answer;
  });

  routes.post("/-/sign-out", async (c) => {
    requireOwnPage(c, publicUrl);
    const fields = await readForm(c.req.raw);
    const session = sessionIn(c);
    const reach = fields.has("everywhere") ? "all" : "one";
    // Of one that is over there is nothing to end.
    if (session !== undefined) await settling.settle(() => signOut(session, reach, c.get("ctx")).catch(refusal));
    const answer = seeOther(c, HERE);
    answer.headers.append("Set-Cookie", sessionCookie(c, "", 0, publicUrl));
    return answer;
  });

  routes.onError((error, c) => problemPage(c, error, { ...ROOT, publicUrl }));
  return routes;
}

/** What a credential opens nothing for. Other failures are thrown. */
function refusal(error: unknown): IndexError {
  if (error instanceof IndexError && (error.status === 401 || error.status === 429)) return error;
  throw error;
}

const NOTHING_TYPED = new IndexError(
  "not-authenticated",
  "No token was typed. Paste one of this server; an administrator makes one with pypi-edge token create.",
);

/** A path below the server's root that a page asked to be led to; the page about the sign-in where it is none. */
const nextIn = (path: string | undefined): string =>
  path !== undefined && path.length <= MAX_NEXT && /^\/(?!\/)[\x21-\x7e]*$/.test(path) ? path : HERE;

/** Characters. */
const MAX_NEXT = 1_000;

const PLAIN =
  "Signing in takes https, or a server on this machine: over plain http the token travels as plain text, and browsers keep no sign-in. The token that was sent just now may have been read on its way: revoke it.";

function signInPage(c: HonoContext<AppEnv>, place: PagePlace, next: string, refused?: IndexError) {
  if (refused?.status === 401) c.header("WWW-Authenticate", 'Bearer realm="pypi-edge"');
  if (refused?.status === 429) c.header("Retry-After", String(refused.retryAfterSeconds ?? 1));
  return sendHtml(
    c,
    <Layout title="Sign in · pypi-edge" place={place}>
      <h1>Sign in</h1>
      <SignInForm c={c} place={place} next={next} lead={LEAD} refusal={refused?.message} />
    </Layout>,
    refused?.status,
  );
}

const LEAD = "With a token of this server, pages show what it may read, and do what it may do.";

interface WhoProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly indexes: SignInParts["indexes"];
}

function WhoYouAre({ place, who, indexes }: WhoProps) {
  const { name, index, scopes, projects, expiresAt } = who;
  const pages = operatePagesFor(who);
  const readable = indexes.filter((each) => !each.isPrivate || may(who, { scope: "read", index: each.name }));
  return (
    <Layout title="Signed in · pypi-edge" place={place}>
      <h1>{name}</h1>
      <p class="lead">You are signed in with this token.</p>
      <ul class="badges">
        {scopes.map((scope) => (
          <li>
            <Badge>{scope}</Badge>
          </li>
        ))}
      </ul>
      <dl class="facts">
        <div>
          <dt>Index</dt>
          <dd>{indexText(index)}</dd>
        </div>
        <div>
          <dt>Projects it may change</dt>
          <dd>{changeableProjects(scopes, projects).join(", ")}</dd>
        </div>
        <div>
          <dt>The token ends</dt>
          <dd>
            <DayOrNever at={expiresAt} />
          </dd>
        </div>
      </dl>
      {place.forms && (
        <form method="post" action={`${place.up}-/sign-out`} class="actions buttons">
          <button class="main">Sign out</button>
          <button name="everywhere" value="yes">
            Sign out every browser with this token
          </button>
        </form>
      )}
      <h2>Indexes that you may read</h2>
      <ul class="plain">
        {readable.map((each) => (
          <li>
            <a href={`${place.up}${each.base === "" ? "" : `${each.base.slice(1)}/`}`}>{each.name}</a>
          </li>
        ))}
      </ul>
      {pages.length > 0 && (
        <>
          <h2>What you may administer</h2>
          <ul class="plain">
            {pages.map(({ path, title }) => (
              <li>
                <a href={`${place.up}-/${path}`}>{title}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </Layout>
  );
}
