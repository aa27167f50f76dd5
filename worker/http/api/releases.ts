import { Hono, type Context as HonoContext } from "hono";
import { emptyBody, promoteBody, STATUSES, statusBody, yankBody, type ShownProject } from "../../../schema/release.ts";
import type { Scope } from "../../../schema/token.ts";
import type { Author } from "../../auth/deed.ts";
import { SOME_PROJECT } from "../../auth/principal.ts";
import { methodNotAllowed } from "../../errors.ts";
import { asProjectName, parseProjectName } from "../../pypi/name.ts";
import { byVersion, type Chosen } from "../../publishing/releases/choose.ts";
import type { Done, Place } from "../../publishing/releases/deciding.ts";
import type { Life } from "../../publishing/releases/life.ts";
import type { ReleasedProject, ReleaseFile } from "../../publishing/releases/ports.ts";
import type { Gate } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES, privately } from "../headers.ts";
import { readJson } from "./json.ts";
import { parametersOf } from "./parameters.ts";

/** A request that was let in. */
interface Admitted {
  readonly c: HonoContext<AppEnv>;
  readonly place: Place;
  /** The release that is meant, where the address has one. */
  readonly chosen: Chosen;
  readonly by: Author;
}

/** What is offered at one address, and the scope that it needs on the project. */
interface Offer {
  readonly path: string;
  readonly methods: readonly string[];
  readonly scope: Scope;
  readonly parameters: readonly "filename"[];
  readonly answer: (asked: Admitted) => Promise<Done | ShownProject>;
}

/** What can be done with what the indexes host, to be mounted at `/-/api/indexes`. */
export function releaseRoutes(gate: Gate, life: Life): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use(async (c, next) => {
    await next();
    privately(c.res.headers);
  });
  for (const { path, methods, scope, parameters, answer } of offers(gate, life)) {
    routes.all(`/:index/projects/:project${path}`, async (c) => {
      const { index = "", project: raw = "", version = "" } = c.req.param() as Partial<Record<string, string>>;
      const project = asProjectName(raw);
      const isOffered = methods.includes(c.req.method);
      // Before anything is said of what is there, or offered.
      const by = await gate(c, { scope: isOffered ? scope : "read", index, project: project ?? SOME_PROJECT });
      if (!isOffered) throw methodNotAllowed(c.req.method, methods);
      const { filename } = parametersOf(c.req.url, parameters);
      const place = { index, project: project ?? parseProjectName(raw) };
      return c.json(await answer({ c, place, chosen: { version, filename }, by }), 200, LIFETIMES.live);
    });
  }
  return routes;
}

/** `status` comes first: to the router it would be a version. */
const offers = (gate: Gate, life: Life): readonly Offer[] => [
  {
    path: "",
    methods: ["GET", "HEAD"],
    scope: "read",
    parameters: [],
    answer: async ({ place }) => shown(await life.show(place)),
  },
  {
    path: "/status",
    methods: ["PUT"],
    scope: "admin",
    parameters: [],
    async answer({ c, place, by }) {
      const { status, reason } = await readJson(c.req.raw, statusBody);
      return life.mark(place, status === "active" ? undefined : { status, reason: reason || undefined }, by, c.var.ctx);
    },
  },
  {
    path: "/:version",
    methods: ["DELETE"],
    scope: "admin",
    parameters: ["filename"],
    async answer({ c, place, chosen, by }) {
      await readJson(c.req.raw, emptyBody);
      return life.remove(place, chosen, by, c.var.ctx);
    },
  },
  {
    path: "/:version/yank",
    methods: ["POST"],
    scope: "yank",
    parameters: ["filename"],
    async answer({ c, place, chosen, by }) {
      const { reason } = await readJson(c.req.raw, yankBody);
      return life.yank(place, chosen, reason, by, c.var.ctx);
    },
  },
  {
    path: "/:version/unyank",
    methods: ["POST"],
    scope: "yank",
    parameters: ["filename"],
    async answer({ c, place, chosen, by }) {
      await readJson(c.req.raw, emptyBody);
      return life.yank(place, chosen, null, by, c.var.ctx);
    },
  },
  {
    path: "/:version/promote",
    methods: ["POST"],
    scope: "read",
    parameters: [],
    async answer({ c, place, chosen: { version } }) {
      const { to } = await readJson(c.req.raw, promoteBody);
      // Who writes there is who may upload there; that they may read here is known by now.
      const by = await gate(c, { scope: "upload", index: to, project: place.project });
      return life.promote(place, version, to, by, c.var.ctx);
    },
  },
];

function shown({ index, project, status, files }: ReleasedProject): ShownProject {
  return {
    index,
    project,
    status: STATUSES.find((each) => each === status?.status) ?? "active",
    ...(status?.reason && { statusReason: status.reason }),
    versions: byVersion(files).map(([version, some]) => ({ version, files: some.map(shownFile) })),
  };
}

const shownFile = ({ filename, size, sha256, uploadedAt, yanked, deletedAt }: ReleaseFile) => ({
  filename,
  size,
  sha256,
  uploadedAt: new Date(uploadedAt).toISOString(),
  ...(yanked !== null && { yanked }),
  ...(deletedAt !== null && { deletedAt: new Date(deletedAt).toISOString() }),
});
