import { Hono, type Context as HonoContext } from "hono";
import { DEFAULT } from "../../../schema/indexes.ts";
import { newEntries, type ShownEntry } from "../../../schema/policy-entry.ts";
import { IndexError } from "../../errors.ts";
import type { Authorize } from "../../http/access.ts";
import { admitted, type AdmittedEnv } from "../../http/api/admitted.ts";
import { checkedRequest } from "../../http/api/request-json.ts";
import type { AppEnv } from "../../http/context.ts";
import { seeOther, type TakeForm } from "../../http/forms.ts";
import { POLICY_ADMIN_SOMEWHERE, type PolicyEntryActions } from "../../http/policy-entry-actions.ts";
import { may, type SignedIn } from "../../http/signed-in.ts";
import { Form } from "../form.tsx";
import { Layout, pagePlace, sendHtml, type PageContext, type PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Badge, Command, Day, Scrolled } from "../parts.tsx";
import { problemPage } from "../problem-page.tsx";
import { OperateNav } from "./nav.tsx";

/** What the pages need. */
interface ExemptionPageParts {
  readonly authorize: Authorize;
  readonly takeForm: TakeForm;
  readonly actions: PolicyEntryActions;
  /** Those that have a policy of their own. */
  readonly guarded: readonly string[];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

const ROOT = { name: DEFAULT, base: "" };
const HERE = "/-/exemptions";

/** What the form for a new exemption has at first. */
const DEFAULTS = { expires: "7d" };

/** Lists exemptions, makes them and ends them early, for those who administer an index; to be mounted at the server's root. */
export function exemptionPageRoutes(parts: ExemptionPageParts): Hono<AppEnv> {
  const { authorize, takeForm, actions, guarded, publicUrl } = parts;
  const routes = new Hono<AppEnv>();

  const show = async (
    c: PageContext & Pick<HonoContext<AdmittedEnv>, "get">,
    typed = new URLSearchParams(DEFAULTS),
    refusal?: IndexError,
  ) => {
    const { principal } = c.get("author");
    const entries = await actions.list({ kind: "exemption" }, principal, c.get("ctx").now);
    const names = guarded.filter((name) => may(principal, { scope: "admin", index: name }));
    const place = pagePlace(c, ROOT, publicUrl);
    const page = <ExemptionsPage {...{ place, who: principal, entries, names, typed }} refusal={refusal?.message} />;
    const answer = await sendHtml(c, page, refusal?.status);
    answer.headers.set("Cache-Control", "no-store");
    return answer;
  };

  routes.get(HERE, admitted(authorize, POLICY_ADMIN_SOMEWHERE), (c) =>
    // A link from what is refused fills in what it is.
    show(c, new URLSearchParams({ ...DEFAULTS, ...c.req.query() })),
  );

  routes.post(HERE, takeForm(POLICY_ADMIN_SOMEWHERE), async (c) => {
    const fields = c.get("fields");
    try {
      const { entries, remarks } = await actions.add(c, checkedRequest(askedIn(fields), newEntries), c.get("author"));
      const made = entries.map(({ what, index, expires }) => `${what} is exempted in ${index} until ${expires}.`);
      return seeOther(c, HERE, [...made, ...remarks].join(" "));
    } catch (error) {
      if (!(error instanceof IndexError) || error.status >= 500) throw error;
      return show(c, fields, error);
    }
  });

  routes.post(`${HERE}/:id/end`, takeForm(POLICY_ADMIN_SOMEWHERE), async (c) => {
    const { what, index } = await actions.remove(c, c.req.param("id"), c.get("author"));
    return seeOther(c, HERE, `The exemption of ${what} in ${index} is ended: the rules apply again.`);
  });

  routes.onError((error, c) => problemPage(c, error, { ...ROOT, publicUrl }));
  return routes;
}

/** What a form asks for, as the API's body: fields that were left empty are left out. */
function askedIn(fields: URLSearchParams): unknown {
  const given = ["index", "reason", "advisory", "expires"].flatMap((name) => {
    const value = fields.get(name)?.trim();
    return value ? [[name, value]] : [];
  });
  const what = fields.get("what")?.trim();
  return { kind: "exemption", ...(what ? { what: [what] } : {}), ...Object.fromEntries(given) };
}

interface ExemptionsProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly entries: readonly ShownEntry[];
  /** The indexes that an exemption may be made in. */
  readonly names: readonly string[];
  /** What the form has in its fields. */
  readonly typed: URLSearchParams;
  /** Why what was asked for last was not done. */
  readonly refusal: string | undefined;
}

function ExemptionsPage({ place, who, entries, names, typed, refusal }: ExemptionsProps) {
  const [active, ended] = [entries.filter((entry) => !entry.ended), entries.filter((entry) => entry.ended)];
  return (
    <Layout title="Exemptions · pypi-edge" place={place}>
      <h1>Exemptions</h1>
      <OperateNav place={place} here="exemptions" who={who} />
      <p class="lead">
        What an index lets through for a time although its policy refuses it. What is denied stays refused, and malware
        is let through only by the name of its advisory.
      </p>
      {refusal !== undefined && (
        <p class="card note alarm" role="alert">
          {refusal}
        </p>
      )}
      <IndexNotOffered asked={typed.get("index") ?? ""} names={names} />
      {names.length === 0 ? (
        <p>No index that you administer has a policy, so that there is nothing to exempt.</p>
      ) : place.forms ? (
        <NewExemption place={place} names={names} typed={typed} isOpen={refusal !== undefined || typed.has("what")} />
      ) : (
        <p>
          <a href={`${place.up}-/sign-in?next=${HERE}`}>Sign in</a> to make and end exemptions here.
        </p>
      )}
      <h2 id="active">{counted(active.length, "exemption")}</h2>
      {active.length > 0 && <List place={place} entries={active} id="active" />}
      {ended.length > 0 && (
        <details>
          <summary id="ended">{counted(ended.length, "exemption")} that ended</summary>
          <List place={place} entries={ended} id="ended" />
        </details>
      )}
      <h2>By command</h2>
      <Command text="pypi-edge exempt list" label="list exemptions" />
      <Command text="pypi-edge exempt add demo==2.1.4 --reason '…' --expires 7d" label="make an exemption" />
      <Command text="pypi-edge exempt remove ID" label="end an exemption" />
    </Layout>
  );
}

/** A link may fill in an index that the form does not have: it would be sent for another one, unseen. */
function IndexNotOffered({ asked, names }: { readonly asked: string; readonly names: readonly string[] }) {
  if (asked === "" || names.length === 0 || names.includes(asked)) return null;
  return (
    <p class="card note alarm">
      You can make no exemption in {asked}: it has no policy, or you do not administer it. The form below is for{" "}
      {names.join(", ")}.
    </p>
  );
}

function NewExemption({
  place,
  names,
  typed,
  isOpen,
}: Pick<ExemptionsProps, "place" | "names" | "typed"> & { readonly isOpen: boolean }) {
  const field = (name: string) => ({ name, value: typed.get(name) ?? "" });
  return (
    <details class="card" open={isOpen}>
      <summary>Let something through</summary>
      <Form place={place} to={HERE} class="fields">
        <label>
          A project and its version, such as demo==2.1.4
          <input {...field("what")} required autocapitalize="none" spellcheck={false} />
        </label>
        <label>
          Index
          <select name="index">
            {names.map((name) => (
              <option value={name} selected={name === typed.get("index")}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Why; readers of the index see it
          <input {...field("reason")} required maxlength={300} />
        </label>
        <label>
          Ends, within 90 days: 12h, 7d, 2w from now, or a date such as 2027-01-31
          <input {...field("expires")} required autocapitalize="none" spellcheck={false} />
        </label>
        <label>
          From one advisory only, such as GHSA-xxxx-xxxx-xxxx; empty: from each rule but malware
          <input {...field("advisory")} autocapitalize="none" spellcheck={false} />
        </label>
        <button class="main">Let it through</button>
      </Form>
    </details>
  );
}

function List({ place, entries, id }: Pick<ExemptionsProps, "place" | "entries"> & { readonly id: string }) {
  return (
    <Scrolled by={id}>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Index</th>
            <th scope="col">Why</th>
            <th scope="col">Made</th>
            <th scope="col">Ends</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row place={place} entry={entry} />
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

function Row({ place, entry }: { readonly place: PagePlace; readonly entry: ShownEntry }) {
  const { id, what, index, reason, advisory, created, createdByName, expires, ended } = entry;
  return (
    <tr>
      <th scope="row" class="name">
        {what} {advisory !== null && <Badge>{advisory}</Badge>}
        <br />
        <code>{id}</code>
        {place.forms && (
          <details class="confirm">
            <summary>{ended ? "Remove" : "End it now"}</summary>
            <Form place={place} to={`${HERE}/${id}/end`}>
              <button class="danger">
                {ended ? "Remove" : "End"} the exemption of {what}
              </button>
            </Form>
          </details>
        )}
      </th>
      <td>{index}</td>
      <td class="name">{reason}</td>
      <td class="day">
        <Day at={Date.parse(created)} /> <span class="soft small">by {createdByName}</span>
      </td>
      <td class="day">{expires === null ? "never" : <Day at={Date.parse(expires)} />}</td>
    </tr>
  );
}
