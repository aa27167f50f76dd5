import { Hono, type Context as HonoContext } from "hono";
import { emptyBody, promoteBody, STATUSES, statusBody, yankBody, type ProjectAnswer } from "../../../schema/release.ts";
import type { Scope } from "../../../schema/token.ts";
import type { Author } from "../../auth/audit-entry.ts";
import { SOME_PROJECT } from "../../auth/principal.ts";
import { methodNotAllowed } from "../../errors.ts";
import { asProjectName, parseProjectName } from "../../pypi/name.ts";
import { byVersion, type FileSelection } from "../../publishing/releases/select-files.ts";
import type { ActionResult, ProjectRef } from "../../publishing/releases/optimistic-write.ts";
import type { ReleaseActions } from "../../publishing/releases/actions.ts";
import type { ReleasedProject, ReleaseFile } from "../../publishing/releases/ports.ts";
import type { Publishers } from "../../repository/ports/publishers.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES, makePrivate } from "../headers.ts";
import { publishersFor } from "../hosted-projects.ts";
import { readRequestJson } from "./request-json.ts";
import { parametersOf } from "./parameters.ts";
import type { ReleaseChanges } from "../release-changes.ts";
import type { Settling } from "../settle.ts";

/** A request with the permission for its offer. */
interface Admitted {
  readonly c: HonoContext<AppEnv>;
  readonly target: ProjectRef;
  /** The release in the address, if any. */
  readonly selection: FileSelection;
  readonly by: Author;
}

/** What one address offers, and the scope that it needs on the project. */
interface Offer {
  readonly methods: readonly string[];
  readonly scope: Scope;
  readonly parameters: readonly "filename"[];
  readonly answer: (asked: Admitted) => Promise<ActionResult | ProjectAnswer>;
}

/** What the routes need. */
export interface ReleasesApi {
  readonly authorize: Authorize;
  readonly settling: Settling;
  readonly releases: ReleaseActions;
  readonly changes: ReleaseChanges;
  readonly publishers: Pick<Publishers, "ofFiles">;
}

/** The actions on hosted releases, to be mounted at `/-/api/indexes`. */
export function releaseRoutes(parts: ReleasesApi): Hono<AppEnv> {
  const { authorize, changes } = parts;
  const routes = new Hono<AppEnv>();
  routes.use(async (c, next) => {
    await next();
    makePrivate(c.res.headers);
  });
  const status = statusOffer(changes);
  for (const [path, offer] of Object.entries(offers(parts))) {
    routes.all(`/:index/projects/:project${path}`, async (c) => {
      const { index = "", project: raw = "", version = "" } = c.req.param() as Partial<Record<string, string>>;
      // The status and a release are one route: see createApp.
      const isStatus = path === "/:version" && version === "status";
      const { methods, scope, parameters, answer } = isStatus ? status : offer;
      const project = asProjectName(raw);
      const isOffered = methods.includes(c.req.method);
      // Checked first, so that answers reveal nothing about what exists.
      const by = await authorize(c, { scope: isOffered ? scope : "read", index, project: project ?? SOME_PROJECT });
      if (!isOffered) throw methodNotAllowed(c.req.method, methods);
      const { filename } = parametersOf(c.req.url, parameters);
      const target = { index, project: project ?? parseProjectName(raw) };
      return c.json(await answer({ c, target, selection: { version, filename }, by }), 200, LIFETIMES.live);
    });
  }
  return routes;
}

/** What is offered at `/status`, in the place of a version. */
const statusOffer = (changes: ReleaseChanges): Offer => ({
  methods: ["PUT"],
  scope: "admin",
  parameters: [],
  async answer({ c, target, by }) {
    const { status, reason } = await readRequestJson(c.req.raw, statusBody);
    return changes.mark(c, target, status, reason, by);
  },
});

/** What is offered at each address below a project. */
const offers = ({
  authorize,
  settling,
  releases,
  changes,
  publishers,
}: ReleasesApi): Readonly<Record<string, Offer>> => ({
  "": {
    methods: ["GET", "HEAD"],
    scope: "read",
    parameters: [],
    async answer({ c, target }) {
      const released = await releases.show(target);
      const { index, project } = target;
      const published = { name: index, overlays: [{ index }] };
      return shown(released, await publishersFor(c, authorize, published, (of) => publishers.ofFiles(of, project)));
    },
  },
  "/:version": {
    methods: ["DELETE"],
    scope: "admin",
    parameters: ["filename"],
    async answer({ c, target, selection, by }) {
      await readRequestJson(c.req.raw, emptyBody);
      return changes.remove(c, target, selection, by);
    },
  },
  "/:version/yank": {
    methods: ["POST"],
    scope: "yank",
    parameters: ["filename"],
    async answer({ c, target, selection, by }) {
      const { reason } = await readRequestJson(c.req.raw, yankBody);
      return changes.yank(c, target, selection, reason, by);
    },
  },
  "/:version/unyank": {
    methods: ["POST"],
    scope: "yank",
    parameters: ["filename"],
    async answer({ c, target, selection, by }) {
      await readRequestJson(c.req.raw, emptyBody);
      return changes.yank(c, target, selection, null, by);
    },
  },
  "/:version/restore": {
    methods: ["POST"],
    scope: "admin",
    parameters: ["filename"],
    async answer({ c, target, selection, by }) {
      await readRequestJson(c.req.raw, emptyBody);
      return changes.restore(c, target, selection, by);
    },
  },
  "/:version/promote": {
    methods: ["POST"],
    scope: "read",
    parameters: [],
    async answer({ c, target, selection: { version } }) {
      const { to } = await readRequestJson(c.req.raw, promoteBody);
      // Promoting needs `upload` on the other index; `read` on this one was checked before.
      const by = await authorize(c, { scope: "upload", index: to, project: target.project });
      const done = await settling.settle(() => releases.promote(target, version, to, by, c.get("ctx")));
      // Where the name is new in that index, it hides an upstream's from now on.
      const remains = await settling.purge(c, to, target.project);
      return { ...done, ...(remains && { remains }) };
    },
  },
});

/** @param by who uploaded each file, by its filename */
function shown({ index, project, status, files }: ReleasedProject, by: ReadonlyMap<string, string>): ProjectAnswer {
  return {
    index,
    project,
    status: STATUSES.find((each) => each === status?.status) ?? "active",
    ...(status?.reason && { statusReason: status.reason }),
    versions: byVersion(files).map(([version, some]) => ({
      version,
      files: some.map((file) => shownFile(file, by.get(file.filename))),
    })),
  };
}

const shownFile = (
  { filename, size, sha256, uploadedAt, yanked, deletedAt, trashed }: ReleaseFile,
  uploadedBy: string | undefined,
) => ({
  filename,
  size,
  sha256,
  uploadedAt: new Date(uploadedAt).toISOString(),
  ...(uploadedBy !== undefined && { uploadedBy }),
  ...(yanked !== null && { yanked }),
  ...(deletedAt !== null && { deletedAt: new Date(deletedAt).toISOString() }),
  ...(trashed !== null && { restorable: true }),
});
