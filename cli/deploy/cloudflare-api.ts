import { MINUTE } from "../../worker/duration.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { escapedLines } from "../../worker/pypi/shown.ts";
import { causeOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";

/** The address of Cloudflare's API; wrangler has the same variable for another one. */
const apiRoot = () => process.env["CLOUDFLARE_API_BASE_URL"] || "https://api.cloudflare.com/client/v4";

/** Without an answer for so long, a request is given up. Milliseconds. */
const PATIENCE = MINUTE;

/** Things asked for at once, where there are several pages of them. */
const PER_PAGE = 100;

/** Cloudflare's code for an account in which R2 was never enabled. */
const R2_NOT_ENABLED = 10_042;

/** How a deployment is asked for. */
export interface AccountAccess {
  readonly token: string;
  readonly account: string;
}

/** What one request is for. */
export interface ApiRequest {
  /** For the sentence where it fails, after "could not": `make the bucket acme-files`. */
  readonly purpose: string;
  /** The permission that the token needs, as the dashboard names it. */
  readonly permission: string;
  readonly method?: "GET" | "POST" | "PUT";
  readonly body?: unknown;
  /** Whether a 404 means that the thing is not there. A wrong account has failed at an earlier request. */
  readonly mayBeAbsent?: true;
}

interface Envelope<Result> {
  readonly success?: boolean;
  readonly result?: Result;
  readonly errors?: readonly { readonly code?: number; readonly message?: string }[];
}

/** One account of Cloudflare, by its API. No message has the token. */
export class CloudflareApi {
  readonly account: string;
  readonly #token: string;

  constructor({ token, account }: AccountAccess) {
    this.#token = token;
    this.account = account;
  }

  /**
   * Sends a request.
   *
   * @param path below the account, or from the API's root where it begins with a slash
   * @returns the result; undefined where the thing is absent
   * @throws CommandError with a sentence that says what failed and what to do
   */
  async ask<Result>(path: string, request: ApiRequest): Promise<Result | undefined> {
    const { method = "GET", body, mayBeAbsent = false, purpose } = request;
    const url = `${apiRoot()}${path.startsWith("/") ? path : `/accounts/${this.account}/${path}`}`;
    let status: number;
    let text: string;
    try {
      const answer = await fetch(url, {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          ...(body !== undefined && { "Content-Type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE),
      });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      throw new CommandError(
        `Could not ${purpose}: Cloudflare's API does not answer (${causeOf(error)}). ${RUN_AGAIN}`,
      );
    }
    const envelope = parsedJson(text) as Envelope<Result> | undefined;
    if (envelope?.success === true) return envelope.result;
    const errors = envelope?.errors ?? [];
    if (mayBeAbsent && status === 404) return undefined;
    throw new CommandError(
      this.#refusal(status, errors, request),
      status === 401 || status === 403 ? "refused" : "failed",
    );
  }

  /** The first of a list, which may have several pages, that fits; undefined where none does. */
  async find<Entry>(path: string, request: ApiRequest, fits: (entry: Entry) => boolean): Promise<Entry | undefined> {
    let before = "";
    for (let page = 1; ; page++) {
      const separator = path.includes("?") ? "&" : "?";
      const entries = await this.ask<readonly Entry[]>(`${path}${separator}page=${page}&per_page=${PER_PAGE}`, request);
      const found = entries?.find(fits);
      // Some lists have smaller pages than was asked for, so that only an empty one is the end, and some have no pages.
      const seen = JSON.stringify(entries ?? []);
      if (found !== undefined || seen === "[]" || seen === before) return found;
      before = seen;
    }
  }

  #refusal(
    status: number,
    errors: NonNullable<Envelope<unknown>["errors"]>,
    { purpose, permission }: ApiRequest,
  ): string {
    if (errors.some(({ code }) => code === R2_NOT_ENABLED))
      return (
        `Could not ${purpose}: R2 is not enabled in this account (${R2_NOT_ENABLED}). Enable it at ` +
        `https://dash.cloudflare.com/${this.account}/r2/overview (a payment method is asked for; 10 GB are free), then run this command again.`
      );
    const said = errors.map(({ code, message }) => `${message ?? "no reason"} (${code ?? "no code"})`).join("; ");
    const reason = escapedLines(said || `status ${status}`).slice(0, 600);
    if (status === 401 || status === 403)
      return `Could not ${purpose}: Cloudflare refuses CLOUDFLARE_API_TOKEN: ${reason}. The token needs the permission "${permission}" for this account. ${RUN_AGAIN}`;
    return `Could not ${purpose}: ${reason}. ${RUN_AGAIN}`;
  }
}

/** What to do where a step of a deployment has failed. */
export const RUN_AGAIN = "Run the command again: it goes on from here.";
