import { randomBytes } from "node:crypto";
import { ADMIN_TOKEN_SECRETS } from "../../schema/admin-tokens.ts";
import { CommandError } from "../lib/command-error.ts";
import type { Deployed } from "./deployed.ts";
import type { Wanted } from "./wanted.ts";

/** Throws a `CommandError` where an upstream's secret is neither stored nor in the environment: the worker would not start. */
export function demandSecrets({ secrets }: Wanted, deployed: Deployed, env: NodeJS.ProcessEnv): void {
  const missing = secrets.filter((name) => !env[name] && !deployed.secrets.has(name));
  if (missing.length > 0)
    throw new CommandError(
      `An upstream needs the secret ${missing.join(" and ")}, of the form user:password. Set it in the environment of this run; it is stored as a secret of the worker, and later runs need it no more.`,
    );
}

/** A new admin token; undefined where the worker has one, or the environment. */
export const newAdminToken = ({ secrets }: Deployed, env: NodeJS.ProcessEnv): string | undefined =>
  ADMIN_TOKEN_SECRETS.some((name) => env[name] || secrets.has(name))
    ? undefined
    : randomBytes(32).toString("base64url");

/** The secrets that the environment has for the worker. */
export const secretsIn = (env: NodeJS.ProcessEnv, { secrets }: Wanted): Record<string, string> =>
  Object.fromEntries([...secrets, ...ADMIN_TOKEN_SECRETS].flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
