import { Hono, type Context as HonoContext } from "hono";
import { DEFAULT } from "../../../schema/indexes.ts";
import {
  AFTER_REVOCATION,
  newToken,
  changeableProjects,
  SCOPES,
  type ShownToken,
  indexText,
} from "../../../schema/token.ts";
import { DAY } from "../../duration.ts";
import { IndexError } from "../../errors.ts";
import type { Authorize } from "../../http/access.ts";
import { admitted, type AdmittedEnv } from "../../http/api/admitted.ts";
import { checkedRequest } from "../../http/api/request-json.ts";
import type { AppEnv } from "../../http/context.ts";
import { seeOther, type TakeForm } from "../../http/forms.ts";
import { may, type SignedIn } from "../../http/signed-in.ts";
import { TOKEN_ADMIN_SOMEWHERE, tokenAdmin, type TokenActions } from "../../http/token-actions.ts";
import { Form } from "../form.tsx";
import { Layout, pagePlace, sendHtml, type PageContext, type PagePlace } from "../layout.tsx";
import { Badge, Command, Day, Scrolled } from "../parts.tsx";
import { counted } from "../../pypi/counted.ts";
import { problemPage } from "../problem-page.tsx";
import { DayOrNever, TokenHeadings } from "../token-cells.tsx";
import { MadeToken } from "./made-token.tsx";
import { OperateNav } from "./nav.tsx";

/** What the pages need. */
interface TokenPageParts {
  readonly authorize: Authorize;
  readonly takeForm: TakeForm;
  readonly actions: TokenActions;
  readonly indexes: Parameters<typeof MadeToken>[0]["indexes"];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

const ROOT = { name: DEFAULT, base: "" };
const HERE = "/-/tokens";

/** For how long a token is made where nothing else is said. Milliseconds. */
const USUAL_LENGTH = 90 * DAY;

/** So many tokens are listed; CI jobs that publish without a secret may have made thousands. */
const MAX_LISTED = 200;

/** Lists, makes and revokes tokens, for those who administer an index; to be mounted at the server's root. */
export function tokenPageRoutes({ authorize, takeForm, actions, indexes, publicUrl }: TokenPageParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  const show = async (
    c: PageContext & Pick<HonoContext<AdmittedEnv>, "get">,
    typed?: URLSearchParams,
    refusal?: IndexError,
  ) => {
    const { principal } = c.get("author");
    const ctx = c.get("ctx");
    const tokens = await actions.list(undefined, principal, ctx);
    const names = ["*", ...indexes.map(({ name }) => name)].filter((name) => may(principal, tokenAdmin(name)));
    const place = pagePlace(c, ROOT, publicUrl);
    const usual = new URLSearchParams({ scope: "read", expires: usualEnd(principal, ctx.now) });
    const props = {
      place,
      who: principal,
      tokens,
      now: ctx.now,
      names,
      typed: typed ?? usual,
      refusal: refusal?.message,
    };
    const answer = await sendHtml(c, <TokensPage {...props} />, refusal?.status);
    answer.headers.set("Cache-Control", "no-store");
    return answer;
  };

  routes.get(HERE, admitted(authorize, TOKEN_ADMIN_SOMEWHERE), (c) => show(c));

  routes.post(HERE, takeForm(TOKEN_ADMIN_SOMEWHERE), async (c) => {
    const fields = c.get("fields");
    try {
      const made = await actions.create(checkedRequest(askedIn(fields), newToken), c.get("author"), c.get("ctx"));
      return await sendHtml(c, <MadeToken place={pagePlace(c, ROOT, publicUrl)} made={made} indexes={indexes} />, 201);
    } catch (error) {
      if (!(error instanceof IndexError) || error.status >= 500) throw error;
      return show(c, fields, error);
    }
  });

  routes.post(`${HERE}/:id/revoke`, takeForm(TOKEN_ADMIN_SOMEWHERE), async (c) => {
    const { name } = await actions.revoke(c.req.param("id"), c.get("author"), c.get("ctx"));
    return seeOther(c, HERE, `The token ${JSON.stringify(name)} is revoked: ${AFTER_REVOCATION}.`);
  });

  routes.onError((error, c) => problemPage(c, error, { ...ROOT, publicUrl }));
  return routes;
}

/** A token ends no later than the one that it is made with. */
function usualEnd({ expiresAt = Infinity }: SignedIn, now: number): string {
  if (expiresAt >= now + USUAL_LENGTH) return `${USUAL_LENGTH / DAY}d`;
  const moment = new Date(expiresAt).toISOString();
  // A day stands for its first moment.
  return expiresAt > now + DAY ? moment.slice(0, 10) : moment;
}

/** What a form asks for, as the API's body: fields that were left empty are left out. */
function askedIn(fields: URLSearchParams): unknown {
  const text = (name: string) => fields.get(name)?.trim() || undefined;
  const projects = text("projects")?.split(/[\s,]+/);
  return {
    name: text("name"),
    index: text("index"),
    scopes: fields.getAll("scope"),
    ...(projects && { projects }),
    ...(text("expires") !== undefined && { expires: text("expires") }),
  };
}

interface TokensProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly tokens: readonly ShownToken[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The indexes that a new token may be for. */
  readonly names: readonly string[];
  /** What the form has in its fields. */
  readonly typed: URLSearchParams;
  /** Why what was asked for last was not done. */
  readonly refusal: string | undefined;
}

function TokensPage({ place, who, tokens, now, names, typed, refusal }: TokensProps) {
  const isOver = ({ revoked, expires }: ShownToken) =>
    revoked !== null || (expires !== null && Date.parse(expires) <= now);
  const valid = tokens.filter((token) => !isOver(token));
  const over = tokens.filter(isOver);
  return (
    <Layout title="Tokens · pypi-edge" place={place}>
      <h1>Tokens</h1>
      <OperateNav place={place} here="tokens" who={who} />
      <p class="lead">
        What clients and people show to read, publish and administer. Secrets are stored nowhere: a token is shown once,
        when it is made.
      </p>
      {refusal !== undefined && (
        <p class="card note alarm" role="alert">
          {refusal}
        </p>
      )}
      {place.forms ? (
        <NewToken place={place} names={names} typed={typed} isOpen={refusal !== undefined || valid.length === 0} />
      ) : (
        <p>
          <a href={`${place.up}-/sign-in?next=/-/tokens`}>Sign in</a> to make and revoke tokens here.
        </p>
      )}
      <h2 id="valid">{counted(valid.length, "token")}</h2>
      {valid.length > 0 && <List place={place} tokens={valid} id="valid" />}
      {over.length > 0 && (
        <details class="ended">
          <summary id="over">{counted(over.length, "token")} that ended, of the last 90 days</summary>
          <List place={place} tokens={over} id="over" />
        </details>
      )}
      <h2>By command</h2>
      <Command text="pypi-edge token list" label="list tokens" />
      <Command text="pypi-edge token create --index team --scope read,upload --expires 90d" label="make a token" />
      <Command text="pypi-edge token revoke ID" label="revoke a token" />
    </Layout>
  );
}

interface NewTokenProps extends Pick<TokensProps, "place" | "names" | "typed"> {
  readonly isOpen: boolean;
}

/** What each scope allows, for people. */
const SCOPE_MEANINGS = {
  read: "install, look",
  warm: "have a lock's files stored",
  upload: "publish",
  yank: "yank, unyank",
  admin: "all of these, and tokens, deletions, policies",
} as const;

function NewToken({ place, names, typed, isOpen }: NewTokenProps) {
  return (
    <details class="card" open={isOpen}>
      <summary>Make a token</summary>
      <Form place={place} to={HERE} class="fields">
        <label>
          Name
          <input name="name" required maxlength={100} value={typed.get("name") ?? ""} placeholder="acme release job" />
        </label>
        <label>
          Index
          <select name="index">
            {names.map((name) => (
              <option value={name} selected={name === (typed.get("index") ?? names.at(-1))}>
                {indexText(name)}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend>It may</legend>
          {SCOPES.map((scope) => (
            <label class="check">
              <input type="checkbox" name="scope" value={scope} checked={typed.getAll("scope").includes(scope)} />
              <span>
                <b>{scope}</b>: {SCOPE_MEANINGS[scope]}
              </span>
            </label>
          ))}
        </fieldset>
        <label>
          Projects that it may change, such as acme-*; empty: any
          <input name="projects" value={typed.get("projects") ?? ""} autocapitalize="none" spellcheck={false} />
        </label>
        <label>
          Ends: 12h, 30d, 8w, 1y from now, or a date such as 2027-01-31; empty: never
          <input name="expires" value={typed.get("expires") ?? ""} autocapitalize="none" spellcheck={false} />
        </label>
        <button class="main">Make the token</button>
      </Form>
    </details>
  );
}

function List({ place, tokens, id }: Pick<TokensProps, "place" | "tokens"> & { readonly id: string }) {
  return (
    <>
      <Scrolled by={id}>
        <table>
          <thead>
            <TokenHeadings isLong />
          </thead>
          <tbody>
            {tokens.slice(0, MAX_LISTED).map((token) => (
              <Row place={place} token={token} />
            ))}
          </tbody>
        </table>
      </Scrolled>
      {tokens.length > MAX_LISTED && (
        <p class="soft small">
          The newest {MAX_LISTED}. All of them: <code>pypi-edge token list</code>.
        </p>
      )}
    </>
  );
}

function Row({ place, token }: { readonly place: PagePlace; readonly token: ShownToken }) {
  const { id, name, index, scopes, projects, created, createdBy, expires, revoked, lastUsed } = token;
  return (
    <tr>
      <th scope="row" class="name">
        {name}
        <br />
        <code>{id}</code>
        {revoked === null && place.forms && (
          <details class="confirm">
            <summary>Revoke</summary>
            <p class="small">It ends now: {AFTER_REVOCATION}. That cannot be undone.</p>
            <Form place={place} to={`${HERE}/${id}/revoke`}>
              <button class="danger">Revoke {name}</button>
            </Form>
          </details>
        )}
      </th>
      <td>{scopes.join(", ")}</td>
      <td>{indexText(index)}</td>
      <td class="name">{changeableProjects(scopes, projects).join(", ")}</td>
      <td class="day">
        <Day at={Date.parse(created)} /> <span class="soft small">by {createdBy}</span>
      </td>
      <td class="day">
        <DayOrNever at={lastUsed === null ? undefined : Date.parse(lastUsed)} />
      </td>
      <td class="day">
        {revoked === null ? null : <Badge tone="bad">revoked</Badge>}{" "}
        {expires === null ? revoked === null && "never" : <Day at={Date.parse(expires)} />}
      </td>
    </tr>
  );
}
