import { proxiesIn, UnusableProxy, type ProxyFor } from "../../server/proxies/proxies.ts";
import { CommandError } from "./command-error.ts";

/** The proxies that the environment names. Throws a `CommandError` where the address of one cannot be used. */
export function proxiesOfEnvironment(): ProxyFor {
  try {
    return proxiesIn(process.env);
  } catch (error) {
    throw error instanceof UnusableProxy ? new CommandError(error.message) : error;
  }
}
