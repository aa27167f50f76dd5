import { DatabaseSync } from "node:sqlite";
import type { FakeAccount } from "./fake-account.ts";
import { Refused, type Route } from "./route.ts";

/** What a deployment asks of the API, but for what wrangler asks. */
export const accountRoutes = (account: FakeAccount): readonly Route[] => [
  ["GET", /^\/zones$/, (_match, _body, url) => zonesNamed(account.zones, url.searchParams.get("name"))],
  ["GET", /^subscriptions$/, () => [{ rate_plan: { id: account.plan } }]],
  [
    "GET",
    /^storage\/kv\/namespaces$/,
    (_match, _body, url) =>
      paged(
        url,
        [...account.namespaces].map(([id, title]) => ({ id, title })),
      ),
  ],
  [
    "POST",
    /^storage\/kv\/namespaces$/,
    (_match, { title }: { title: string }) => {
      account.demandNew([...account.namespaces.values()], title);
      const id = account.newId();
      account.namespaces.set(id, title);
      return { id, title };
    },
  ],
  ["GET", /^r2\/buckets$/, () => ({ buckets: [...account.buckets.keys()].map((name) => ({ name })) })],
  [
    "GET",
    /^r2\/buckets\/([^/]+)$/,
    ([, name = ""]) => {
      if (!account.buckets.has(name)) throw new Refused(404, 10_006, "The specified bucket does not exist.");
      return { name };
    },
  ],
  [
    "POST",
    /^r2\/buckets$/,
    (_match, { name, locationHint }: { name: string; locationHint?: string }) => {
      account.demandNew([...account.buckets.keys()], name);
      account.buckets.set(name, locationHint);
      return { name };
    },
  ],
  [
    "GET",
    /^d1\/database$/,
    (_match, _body, url) =>
      paged(
        url,
        [...account.databases]
          .map(([uuid, { name }]) => ({ uuid, name }))
          .filter(({ name }) => name.includes(url.searchParams.get("name") ?? "")),
      ),
  ],
  [
    "POST",
    /^d1\/database$/,
    (_match, { name, primary_location_hint: location }: { name: string; primary_location_hint?: string }) => {
      account.demandNew(
        [...account.databases.values()].map((each) => each.name),
        name,
      );
      const uuid = account.newId();
      account.databases.set(uuid, {
        name,
        ...(location !== undefined && { location }),
        db: new DatabaseSync(":memory:"),
      });
      return { uuid, name };
    },
  ],
  [
    "POST",
    /^d1\/database\/([^/]+)\/query$/,
    ([, uuid = ""], { sql }: { sql: string }) => runSql(account.databases.get(uuid)?.db, sql),
  ],
  [
    "GET",
    /^queues$/,
    (_match, _body, url) =>
      paged(
        url,
        [...account.queues]
          .map(([queue_id, queue_name]) => ({ queue_id, queue_name, ...account.consumersOf(queue_id) }))
          .filter(
            ({ queue_name: name }) => !url.searchParams.has("name") || url.searchParams.getAll("name").includes(name),
          ),
      ),
  ],
  [
    "POST",
    /^queues$/,
    (_match, { queue_name: name }: { queue_name: string }) => {
      account.demandNew([...account.queues.values()], name);
      const id = account.newId();
      account.queues.set(id, name);
      return { queue_id: id, queue_name: name };
    },
  ],
  ["GET", /^queues\/([^/]+)\/consumers$/, ([, id = ""]) => account.consumersOf(id).consumers],
  [
    "POST",
    /^queues\/([^/]+)\/consumers$/,
    ([, id = ""], { script_name: script, settings }: { script_name: string; settings: unknown }) => {
      if (account.consumers.has(id)) throw new Refused(400, 11_004, "The queue has a consumer.");
      account.consumers.set(id, { consumer_id: account.newId(), script, settings });
      return {};
    },
  ],
  [
    "PUT",
    /^queues\/([^/]+)\/consumers\/([^/]+)$/,
    ([, id = ""], { script_name: script, settings }: { script_name: string; settings: unknown }) => {
      account.consumers.set(id, { consumer_id: account.consumers.get(id)?.consumer_id ?? "", script, settings });
      return {};
    },
  ],
  [
    "GET",
    /^workers\/scripts\/([^/]+)\/settings$/,
    ([, name = ""]) => {
      const worker = account.demandWorker(name);
      return {
        bindings: [
          ...worker.bindings,
          ...Object.keys(worker.secrets).map((secret) => ({ type: "secret_text", name: secret })),
        ],
      };
    },
  ],
  [
    "PUT",
    /^workers\/scripts\/([^/]+)$/,
    ([, name = ""], { bindings }: { bindings: Record<string, unknown>[] }) => {
      account.deploy(name, bindings);
      return { id: name, deployment_id: "00000000000040008000000000000001", startup_time_ms: 9 };
    },
  ],
  [
    "PUT",
    /^workers\/scripts\/([^/]+)\/schedules$/,
    ([, name = ""], crons: { cron: string }[]) => {
      const worker = account.workers.get(name);
      if (worker) worker.crons = crons.map(({ cron }) => cron);
      return {};
    },
  ],
  [
    "GET",
    /^workers\/subdomain$/,
    () => {
      if (account.subdomain === undefined) throw new Refused(404, 10_007, "There is no subdomain.");
      return { subdomain: account.subdomain };
    },
  ],
  ["GET", /^workers\/domains$/, () => [...account.domains].map(([hostname, service]) => ({ hostname, service }))],
  [
    "PUT",
    /^workers\/domains$/,
    (_match, { hostname, service }: { hostname: string; service: string }) => {
      account.domains.set(hostname, service);
      return {};
    },
  ],
];

const zonesNamed = (zones: ReadonlyMap<string, string>, name: string | null) =>
  [...zones].filter(([zone]) => zone === name).map(([, id]) => ({ id }));

/** Two a page, so that a look needs several pages; wrangler, which says no size, reads one only. */
const paged = <Entry>(url: URL, entries: readonly Entry[]): readonly Entry[] => {
  if (!url.searchParams.has("per_page")) return entries;
  const page = Number(url.searchParams.get("page") ?? 1);
  return entries.slice((page - 1) * 2, page * 2);
};

/** Runs statements as one transaction, as D1 does, and gives the rows of the last one. */
function runSql(db: DatabaseSync | undefined, sql: string): unknown {
  if (!db) throw new Refused(404, 7_404, "The database does not exist.");
  if (/^SELECT/i.test(sql)) return [{ results: db.prepare(sql).all(), success: true }];
  db.exec("BEGIN");
  try {
    db.exec(sql);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
  return [{ results: [], success: true }];
}
