import { beforeEach, expect, test } from "vitest";
import { JOBS } from "../../worker/jobs/schedule.ts";
import { furnish, HIDDEN_FILES, HIDDEN_PROJECTS, PARTLY_HIDDEN, secrets } from "../support/hidden.ts";
import { READER, teamOf } from "../support/hosted.ts";
import { hiding } from "../support/probe.ts";
import { Rig } from "../support/rig.ts";
import { answeringRoutes } from "../support/routes.ts";
import {
  type Asked,
  JSON_REST,
  ofFiles,
  ofJson,
  ofPages,
  ofProjects,
  ofProvenance,
  ofSearches,
  plain,
  type Tries,
  withLocks,
  withSlash,
} from "../support/tries.ts";

/*
 * There is one door to what an index has: its `Repository`. A layer over it that hides files and projects stands for the guard.
 * Whatever route a request takes, nothing of what that layer hides is in an answer, and the upstream is not asked for it. A route
 * that is not in the table below fails, so that a new one is tried as well.
 */

const VARS = { ...teamOf({}), PUBLIC_URL: "https://edge.test" };

const jobs: Tries = (path) => Object.keys(JOBS).map((name) => ({ path: path.replace(":name", name), method: "POST" }));

const sent =
  (method: string, body = "{}"): Tries =>
  (path) => [{ path: path.replace(":id", "team.0123456789abcdef").replace(":number", "1"), method, body }];

/** What publishers do with a release of theirs that has nothing hidden in it. */
const released =
  (method: string, body = "{}"): Tries =>
  (path) => [
    {
      path: path.replace(":index", "team").replace(":project", "partly-hosted").replace(":version", "1.0"),
      method,
      body,
    },
  ];

/** The forks of an index, and one of them. */
const ofForks: Tries = (path) => ofProjects(path.replace(":index", "team"));

/** Publishers see what they published: these routes show what an index hosts as it is, to who may write there. */
const FOR_PUBLISHERS = [
  "ALL /-/api/indexes/:index/projects/:project",
  "GET /-/api/indexes/:index/forks",
  "GET /-/api/indexes/:index/forks/:project/:version",
  "GET /-/api/audit",
  // Of admins: names of what is stored, and the last error of each kind, such as of a stored file that is refused.
  "GET /-/api/stored",
  "GET /team/-/api/stored",
  "GET /-/",
];

/** Reads of what an index has; of a named index the same, below its name. */
const OF_AN_INDEX: Readonly<Record<string, Tries>> = {
  "GET /": plain,
  "GET /simple": withSlash,
  "GET /simple/:project": ofProjects,
  "GET /search": ofSearches,
  "GET /project/:project/:version?": ofPages,
  "GET /files/*": ofFiles,
  "GET /packages/*": ofFiles,
  [`GET /pypi/:project/${JSON_REST}`]: ofJson,
  "GET /integrity/:project/:version/:filename/provenance": ofProvenance,
  "POST /legacy": sent("POST", ""),
  "POST /legacy/": sent("POST", ""),
  "POST /": sent("POST", ""),
  "POST /simple": sent("POST", ""),
};

const below = (base: string, table: Readonly<Record<string, Tries>>) =>
  Object.fromEntries(Object.entries(table).map(([route, tries]) => [route.replace(" /", ` ${base}/`), tries]));

const BELOW_DASH = "style/:file health metrics sign-in tokens audit exemptions jobs".split(" ");
const OF_NO_INDEX = ["/robots.txt", "/-", "/-/", ...BELOW_DASH.map((path) => `/-/${path}`)];
const FORMS =
  "sign-in sign-out tokens tokens/:id/revoke releases/:index/:project/:action exemptions exemptions/:id/end jobs/:job";
const OF_MIRRORS = ["", "/entries", "/errors", "/verification"].map((path) => `mirror${path}`);
const READ_BY_ADMINS = ["tokens", "advisories", "trusted-root", "policy/entries", "audit", ...OF_MIRRORS];
const READ_OF_INDEX = ["projects", "stored", "carried", "policy/pending"];
const RELEASES = "ALL /-/api/indexes/:index/projects/:project";

const TABLE: Readonly<Record<string, Tries>> = {
  ...OF_AN_INDEX,
  ...below("/team", OF_AN_INDEX),
  "GET /team": plain,
  "POST /team": sent("POST", ""),
  "GET /team/find-links": withSlash,
  "GET /team/legacy/+simple/:project/": ofProjects,
  ...Object.fromEntries(OF_NO_INDEX.map((path) => [`GET ${path}`, plain])),
  ...Object.fromEntries(FORMS.split(" ").map((path) => [`POST /-/${path}`, sent("POST", "form=a.b")])),
  "GET /-/api/openapi.json": plain,
  "POST /-/api/jobs/:name": jobs,
  ...Object.fromEntries(
    ["", "/team"].flatMap((base) =>
      ["lock/local", "lock/canonical", "warm", "wheelhouse", "policy/report"]
        .map((name): [string, Tries] => [`POST ${base}/-/api/${name}`, withLocks])
        .concat(READ_OF_INDEX.map((path) => [`GET ${base}/-/api/${path}`, plain]))
        .concat([
          [`POST ${base}/-/api/carried`, sent("POST")],
          [`POST ${base}/-/api/carried/done`, sent("POST", "")],
          [`PUT ${base}/-/api/carried/members/:number`, sent("PUT", "x")],
          [`POST ${base}/-/api/policy/forecast`, sent("POST")],
        ]),
    ),
  ),
  ...Object.fromEntries(READ_BY_ADMINS.map((path) => [`GET /-/api/${path}`, plain])),
  ...Object.fromEntries(
    ["add", "remove", "run", "plan", "verification"].map((name) => [`POST /-/api/mirror/${name}`, sent("POST")]),
  ),
  "POST /-/api/notify/test": sent("POST"),
  "POST /-/api/tokens": sent("POST"),
  "POST /-/api/policy/entries": sent("POST"),
  "DELETE /-/api/policy/entries/:id": sent("DELETE", ""),
  "DELETE /-/api/tokens/:id": sent("DELETE", ""),
  "GET /-/api/indexes/:index/forks": ofForks,
  "GET /-/api/indexes/:index/forks/:project/:version": ofForks,
  [RELEASES]: released("GET", ""),
  [`${RELEASES}/:version`]: (path) => released("PUT", '{"status":"active"}')(path.replace(":version", "status")),
  [`${RELEASES}/:version/yank`]: released("POST"),
  [`${RELEASES}/:version/unyank`]: released("POST"),
  [`${RELEASES}/:version/restore`]: released("POST"),
  [`${RELEASES}/:version/promote`]: released("POST", '{"to":"team"}'),
  "PUT /-/api/advisories": sent("PUT"),
  "PUT /-/api/trusted-root": sent("PUT"),
  "POST /-/api/uploads": sent("POST"),
  "GET /-/api/uploads/:id": sent("GET", ""),
  "DELETE /-/api/uploads/:id": sent("DELETE", ""),
  "POST /-/api/uploads/:id/:number": (path) => sent("POST")(path.replace(":number", "finish")),
  "PUT /-/api/uploads/:id/:number": sent("PUT", "x"),
  "GET /_/oidc/audience": plain,
  ...Object.fromEntries(["mint-token", "burn-token"].map((name) => [`POST /_/oidc/${name}`, sent("POST")])),
};

const spelled = (text: string) => text.toLowerCase().replaceAll("_", "-");

/** Whether a text has this as a word of its own: the digits of a size are in many a digest. */
const has = (text: string, word: string) => new RegExp(`(?<![0-9a-z])${RegExp.escape(word)}(?![0-9a-z])`).test(text);

/** Reads in a view, whose routes are those of its index at another base. It leaves nothing out itself. */
const IN_A_VIEW = below("/team/@pre=no", {
  ...Object.fromEntries(Object.entries(OF_AN_INDEX).filter(([route]) => route.startsWith("GET "))),
  "GET /find-links": withSlash,
  "GET /-/api/projects": plain,
});

/** What of the secrets an answer tells that its request did not, as `METHOD /path: what`. */
async function told(rig: Rig, asked: Asked, hidden: readonly string[]): Promise<string[]> {
  const { path, method = "GET", headers = {}, body } = asked;
  rig.meanwhile = () => rig.deliver();
  const { response, settled } = await rig.open(path, {
    method,
    headers: { ...READER, ...headers },
    ...(body !== undefined && method !== "GET" && { body }),
  });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  await settled();
  const answer = spelled([...response.headers].map((header) => header.join(": ")).join("\n") + text);
  const request = spelled(path + (body ?? ""));
  const found = hidden.filter((each) => has(answer, spelled(each)) && !request.includes(spelled(each)));
  const isOfHidden = HIDDEN_FILES.some((filename) => path.includes(filename));
  const answered = isOfHidden && response.status < 400 ? [`status ${response.status}`] : [];
  return [...found, ...answered].map((what) => `${method} ${path}: ${what}`);
}

/** What each route tells. */
async function tellingOf(rig: Rig): Promise<Map<string, string[]>> {
  const hidden = await secrets();
  const telling = new Map<string, string[]>();
  for (const [route, tries] of Object.entries({ ...TABLE, ...IN_A_VIEW })) {
    const requests = await tries(route.split(" ")[1] ?? "");
    const all: string[] = [];
    for (const asked of requests) all.push(...(await told(rig, asked, hidden)));
    if (all.length > 0) telling.set(route, all);
  }
  return telling;
}

const probe = hiding({
  projects: new Set(HIDDEN_PROJECTS),
  files: new Set(HIDDEN_FILES),
  partly: new Set(PARTLY_HIDDEN),
});

let open: Rig;
beforeEach(async () => {
  open = new Rig(VARS);
  await furnish(open);
});

test("each route is tried", () => {
  // What explains a policy names what it hides.
  const explaining = ["", "/team"].map((base) => `GET ${base}/-/why/:project/:version?`);
  const all = [...Object.keys(TABLE), ...explaining].toSorted();
  expect(answeringRoutes(open.routes).toSorted()).toEqual(all);
  expect(answeringRoutes(new Rig(GUARDED).routes).toSorted()).toEqual(all);
});

test("without a layer that hides them, the files are found by these routes; over all that was stored then, none bypasses one", async () => {
  const reads = ["/simple", "/simple/:project", "/search", "/project/:project/:version?", "/files/*", "/packages/*"];
  const more = [`/pypi/:project/${JSON_REST}`, "/integrity/:project/:version/:filename/provenance"];
  const routes = [...reads, ...more].flatMap((path) => [`GET ${path}`, `GET /team${path}`]);
  const expected = [
    ...routes,
    "GET /team/",
    "GET /team/-/api/projects",
    "GET /team/find-links",
    "GET /team/legacy/+simple/:project/",
    ...Object.keys(IN_A_VIEW),
    // What warm and wheelhouse say of the sizes is what they are asked about.
    ...["GET /-/api/stored", "POST /-/api/warm", "POST /-/api/wheelhouse"].flatMap((route) => [
      route,
      route.replace(" /", " /team/"),
    ]),
    RELEASES,
  ];
  expect([...(await tellingOf(open)).keys()].toSorted()).toEqual(expected.toSorted());
  expect(await bypassing("a layer", new Rig(VARS, {}, undefined, probe))).toEqual(NOTHING);
});

/** The same by the policy of an index, which the index that stands on it has as well. */
const POLICY = { deny: ["hushed-*", "partly-*==2.0"] };
const GUARDED = { ...VARS, INDEXES: { ...VARS.INDEXES, default: { sources: ["pypi"], policy: POLICY } } };

test.each([
  { what: "a layer", rig: () => new Rig(VARS, {}, undefined, probe) },
  { what: "a policy", rig: () => new Rig(GUARDED) },
])("no route bypasses $what, with nothing stored before", async ({ what, rig }) => {
  expect(await bypassing(what, rig())).toEqual(NOTHING);
});

const NOTHING = { telling: {}, requested: [] };

/** The routes that tell of what is hidden, with what they tell; and what of it the upstream was asked for. */
async function bypassing(what: string, guarded: Rig) {
  await furnish(guarded);
  const telling = await tellingOf(guarded);
  for (const route of FOR_PUBLISHERS) telling.delete(route);
  // The page of a project says which files the policy refuses, by their names and nothing else.
  const isName = (tale: string) =>
    what === "a policy" && HIDDEN_FILES.some((filename) => tale.endsWith(`: ${filename}`));
  for (const [route, tales] of telling)
    if (route.includes("/project/:project") && tales.every(isName)) telling.delete(route);
  const requested = guarded.upstream.requests.filter((request) =>
    [...HIDDEN_PROJECTS, ...HIDDEN_FILES].some((name) => request.includes(name)),
  );
  return { telling: Object.fromEntries(telling), requested };
}
