import type { FakeAccount } from "./fake-account.ts";
import type { Route } from "./route.ts";

/** What only wrangler asks of the API. Its requests change from version to version; what they lead to does not. */
export const wranglerRoutes = (account: FakeAccount): readonly Route[] => [
  [
    "GET",
    /^workers\/services\/([^/]+)$/,
    ([, name = ""]) => {
      account.demandWorker(name, 10_090);
      return {
        default_environment: { environment: "production", script: { last_deployed_from: "wrangler", tag: "" } },
      };
    },
  ],
  [
    "GET",
    /^workers\/scripts\/([^/]+)\/secrets$/,
    ([, name = ""]) =>
      Object.keys(account.demandWorker(name).secrets).map((secret) => ({ name: secret, type: "secret_text" })),
  ],
  [
    "POST",
    /^workers\/scripts\/([^/]+)\/versions$/,
    ([, name = ""], { bindings }: { bindings: Record<string, unknown>[] }) => {
      account.deploy(name, bindings);
      return { id: "00000000-0000-4000-8000-000000000001", startup_time_ms: 9, resources: { script: { etag: "e" } } };
    },
  ],
  ["GET", /^workers\/workers\/([^/]+)$/, () => ({ subdomain: { enabled: false, previews_enabled: false } })],
  ["POST", /^workers\/scripts\/([^/]+)\/deployments$/, () => ({ id: "00000000-0000-4000-8000-000000000002" })],
  ["GET", /^workers\/scripts\/([^/]+)\/deployments$/, () => ({ deployments: [] })],
  ["PATCH", /^workers\/scripts\/([^/]+)\/script-settings$/, () => ({})],
  ["GET", /^workers\/scripts\/([^/]+)\/subdomain$/, () => ({ enabled: false, previews_enabled: false })],
  ["POST", /^workers\/scripts\/([^/]+)\/subdomain$/, (_match, body) => body],
];
