import { count, flag, text, type Operation, type Parameter } from "./operation.ts";

const filename: Parameter = {
  type: "text",
  isRequired: true,
  what: "the lock file's name, which says its format: `uv.lock`, `requirements.txt`",
};

const index = text("the index, at the address of the whole server; left out: the token's, or `default`");

const target = {
  filename,
  index,
  python: text("only what fits this version of Python: `3.12`"),
  platform: text("only what fits this platform: `linux-x86_64`"),
};

const LOCK = { type: "*/*" } as const;

/** What is done with lock files, and what policies say. */
export const LOCKS: readonly Operation[] = [
  {
    id: "warmLock",
    method: "post",
    path: "/-/api/warm",
    what: "Stores what a lock file asks for. Lines of progress, and at last a summary or a problem.",
    needs: "warm",
    alsoAt: "views",
    query: { ...target, "dry-run": flag("stores nothing but pages, and says what would be fetched") },
    body: LOCK,
    answers: { 200: { linesOf: "WarmLine" } },
  },
  {
    id: "makeWheelhouse",
    method: "post",
    path: "/-/api/wheelhouse",
    what: "The files that a lock file asks for, as a tar.",
    needs: "read",
    alsoAt: "views",
    query: target,
    body: LOCK,
    answers: { 200: { type: "application/x-tar" } },
  },
  {
    id: "mapLockToIndex",
    method: "post",
    path: "/-/api/lock/local",
    what: "The lock file with the index's own URLs. Who may read the index may send 20 MiB, without a token 2 MiB.",
    needs: "reader",
    alsoAt: "views",
    query: { filename, index },
    body: LOCK,
    answers: { 200: { type: "text/plain" } },
  },
  {
    id: "mapLockToUpstreams",
    method: "post",
    path: "/-/api/lock/canonical",
    what: "The lock file with the upstreams' URLs.",
    needs: "reader",
    alsoAt: "views",
    query: { filename, index },
    body: LOCK,
    answers: { 200: { type: "text/plain" } },
  },
  {
    id: "reportPolicy",
    method: "post",
    path: "/-/api/policy/report",
    what: "What the index's policy does with each package of a lock file, with the rules' sentences, and held fixes.",
    needs: "read",
    alsoAt: "views",
    query: target,
    body: LOCK,
    answers: { 200: "PolicyReport" },
  },
  {
    id: "listPending",
    method: "get",
    path: "/-/api/policy/pending",
    what: "The files that the index holds, and held fixes, of projects that clients asked for.",
    needs: "admin",
    alsoAt: "indexes",
    query: { days: count("asked for in so many days; left out: 7, at most 42") },
    answers: { 200: "PendingFiles" },
  },
  {
    id: "forecastPolicy",
    method: "post",
    path: "/-/api/policy/forecast",
    what: "Which of the files that clients were given a policy would refuse; left out: what the index audits or warns of.",
    needs: "admin",
    alsoAt: "indexes",
    query: { days: count("given in so many days; left out: 7, at most 42") },
    body: "ForecastRequest",
    answers: { 200: "PolicyForecast" },
  },
  {
    id: "explainProject",
    method: "get",
    path: "/-/why/{project}",
    what: "Which rules of the index's policy apply to each file of a project, with sentences and moments of release. A browser gets a page.",
    needs: "reader",
    alsoAt: "views",
    answers: { 200: "Explanation" },
  },
  {
    id: "explainRelease",
    method: "get",
    path: "/-/why/{project}/{version}",
    what: "The same of one release.",
    needs: "reader",
    alsoAt: "views",
    answers: { 200: "Explanation" },
  },
];
