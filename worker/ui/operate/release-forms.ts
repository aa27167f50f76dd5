import { Hono, type Context as HonoContext } from "hono";
import { DEFAULT, type IndexConfig } from "../../../schema/indexes.ts";
import { statusBody, yankBody } from "../../../schema/release.ts";
import type { Scope } from "../../../schema/token.ts";
import { IndexError } from "../../errors.ts";
import { checkedRequest } from "../../http/api/request-json.ts";
import type { AppEnv } from "../../http/context.ts";
import { seeOther, type FormEnv, type TakeForm } from "../../http/forms.ts";
import type { ReleaseChanges, ReleaseDone } from "../../http/release-changes.ts";
import { asProjectName, parseProjectName, type ProjectName } from "../../pypi/name.ts";
import { problemPage } from "../problem-page.tsx";

/** Where the forms of a project's page are sent: below it come the index, the project and what is to be done. */
export const RELEASE_FORMS = "/-/releases";

/** What the routes need. */
interface ReleaseFormParts {
  readonly takeForm: TakeForm;
  readonly changes: ReleaseChanges;
  readonly indexes: readonly Pick<IndexConfig, "name" | "base">[];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

interface Sent {
  readonly c: HonoContext<FormEnv>;
  readonly target: { readonly index: string; readonly project: ProjectName };
  readonly fields: URLSearchParams;
  readonly of: { readonly version: string; readonly filename: undefined };
}

interface Action {
  readonly scope: Scope;
  /** Whether the browser is led to the release then, and not to the project. */
  readonly leadsToRelease: boolean;
  readonly act: (changes: ReleaseChanges, sent: Sent) => Promise<ReleaseDone>;
}

const reasonIn = (fields: URLSearchParams) => ({ reason: (fields.get("reason") ?? "").trim() });

/** What each form does: the same as the API at that name. */
const ACTIONS: Readonly<Record<string, Action>> = {
  yank: {
    scope: "yank",
    leadsToRelease: true,
    act: (changes, { c, target, of, fields }) =>
      changes.yank(c, target, of, checkedRequest(reasonIn(fields), yankBody).reason, c.get("author")),
  },
  unyank: {
    scope: "yank",
    leadsToRelease: true,
    act: (changes, { c, target, of }) => changes.yank(c, target, of, null, c.get("author")),
  },
  status: {
    scope: "admin",
    leadsToRelease: false,
    async act(changes, { c, target, fields }) {
      const asked = { status: fields.get("status") ?? "", ...reasonIn(fields) };
      const { status, reason } = checkedRequest(asked, statusBody);
      return changes.mark(c, target, status, reason, c.get("author"));
    },
  },
  delete: {
    scope: "admin",
    leadsToRelease: false,
    async act(changes, { c, target, of, fields }) {
      if (asProjectName((fields.get("confirm") ?? "").trim()) !== target.project) throw unconfirmed(target.project);
      return changes.remove(c, target, of, c.get("author"));
    },
  },
  restore: {
    scope: "admin",
    leadsToRelease: true,
    act: (changes, { c, target, of }) => changes.restore(c, target, of, c.get("author")),
  },
};

/** Yanks, deletes, restores and marks releases by the forms of a project's page; to be mounted at the server's root. */
export function releaseFormRoutes({ takeForm, changes, indexes, publicUrl }: ReleaseFormParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const right = (c: HonoContext<FormEnv>) => {
    const { index = "", project = "" } = c.req.param();
    return { scope: actionOf(c).scope, index, project: parseProjectName(project) };
  };
  routes.post(`${RELEASE_FORMS}/:index/:project/:action`, takeForm(right), async (c) => {
    const { act, leadsToRelease } = actionOf(c);
    const fields = c.get("fields");
    const target = { index: c.req.param("index"), project: parseProjectName(c.req.param("project")) };
    const of = { version: fields.get("version") ?? "", filename: undefined };
    const { did, remains = "", version } = await act(changes, { c, target, fields, of });
    const base = indexes.find(({ name }) => name === target.index)?.base ?? "";
    const release = leadsToRelease && version !== undefined ? `${encodeURIComponent(version)}/` : "";
    return seeOther(c, `${base}/project/${target.project}/${release}`, `${did} ${remains}`.trim());
  });
  routes.onError((error, c) => problemPage(c, error, { name: DEFAULT, base: "", publicUrl }));
  return routes;
}

function actionOf(c: HonoContext<FormEnv>): Action {
  const { action = "" } = c.req.param();
  const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (known) return known;
  throw new IndexError("no-such-route", `No form does this; there are ${Object.keys(ACTIONS).join(", ")}.`);
}

const unconfirmed = (project: ProjectName) =>
  new IndexError("unprocessable", `Nothing was deleted: type the project's name, ${project}, in the form.`);
