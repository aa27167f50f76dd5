import * as z from "zod/mini";
import { SECOND } from "../../worker/duration.ts";
import { causeOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";

/** What sigstore's certificate authority wants identity tokens to be for. */
const AUDIENCE = "sigstore";

const issued = z.object({ value: z.string() });

const TIMEOUT = 30 * SECOND;

/**
 * The identity token of the CI job that runs the command: GitHub's, which is asked for, or the one in `SIGSTORE_ID_TOKEN`, which
 * GitLab gives to jobs that say so (`id_tokens`). It is a secret.
 *
 * @throws CommandError where there is none
 */
export async function identityToken(environment: NodeJS.ProcessEnv): Promise<string> {
  const given = environment["SIGSTORE_ID_TOKEN"];
  if (given) return given;
  const [url, secret] = [environment["ACTIONS_ID_TOKEN_REQUEST_URL"], environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]];
  if (!url || !secret) throw new CommandError(NO_IDENTITY);
  const address = new URL(url);
  address.searchParams.set("audience", AUDIENCE);
  try {
    const headers = { Accept: "application/json", Authorization: `Bearer ${secret}` };
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return issued.parse(await answer.json()).value;
  } catch (error) {
    throw new CommandError(`GitHub gives this job no identity token (${causeOf(error)}).`);
  }
}

const NO_IDENTITY =
  "There is no identity to attest with. --attest is for jobs of CI: on GitHub one with the permission id-token: write, on GitLab one with SIGSTORE_ID_TOKEN among its id_tokens, with the audience sigstore.";
