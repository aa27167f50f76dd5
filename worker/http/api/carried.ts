import { Hono } from "hono";
import type { StepReceiver, Sender } from "../../carrying/receive.ts";
import { MAX_MANIFEST } from "../../../schema/carried.ts";
import { badRequest, IndexError } from "../../errors.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import type { Authorize } from "../access.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import type { Settling } from "../settle.ts";
import { admitted, type AdmittedEnv } from "./admitted.ts";
import { parametersOf } from "./parameters.ts";
import { bodyOfSize, drainBody } from "./part-body.ts";
import { readBodyUpTo } from "./request-body.ts";

/** The manifest as a JSON string, with its signature: each character may be escaped. Bytes. */
const MAX_BEGIN = 2 * MAX_MANIFEST;

/** What the routes need of an index. */
export interface CarriedParts {
  readonly authorize: Authorize;
  readonly settling: Settling;
  readonly index: { readonly name: string; readonly hasPolicy: boolean };
  /** Its sources of kind `offline`. */
  readonly carried: readonly { readonly name: string; readonly receiver: StepReceiver }[];
}

/** Receives what was carried across an air gap, for admins of the index; to be mounted at `{base}/-/api/carried`. */
export function carriedRoutes({ authorize, settling, index, carried }: CarriedParts): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  const admins = admitted(authorize, { scope: "admin", index: index.name });
  const senderOf = (author: Sender["author"]): Sender => ({ author, index: index.name, hasPolicy: index.hasPolicy });
  const receiverFor = (url: string) => {
    const { source } = parametersOf(url, ["source"]);
    return receiverOf(carried, index.name, source);
  };
  routes.use("/", admins, allowOnly("GET", "HEAD", "POST"));
  routes.use("/done", admins, allowOnly("POST"));
  routes.use("/members/:number", admins, allowOnly("PUT"));

  routes.get("/", async (c) => c.json(await receiverFor(c.req.url).state(), 200, LIFETIMES.live));

  routes.post("/", async (c) => {
    const receiver = receiverFor(c.req.url);
    const sentence = `The manifest is larger than ${MAX_MANIFEST / 1024 ** 2} MiB, which is the most that is read here.`;
    const body = await readBodyUpTo(c.req.raw, MAX_BEGIN, "The manifest", new IndexError("too-large", sentence));
    const begun = parsedJson(new TextDecoder().decode(body));
    return c.json(await receiver.begin(begun, senderOf(c.get("author")), c.get("ctx")), 200, LIFETIMES.live);
  });

  routes.put("/members/:number", async (c) => {
    const { body } = c.req.raw;
    try {
      const receiver = receiverFor(c.req.url);
      const member = await receiver.member(numberOf(c.req.param("number")));
      // They are those of all indexes.
      if (member.kind === "advisories") await authorize(c, { scope: "admin", index: "*" });
      const chunks = bytesOfSize(body, member.size);
      const take = () => receiver.take(member, chunks, senderOf(c.get("author")), c.get("ctx"));
      // Of what is read by way of a snapshot, no request that begins after the answer sees what was before.
      await (member.kind === "advisories" || member.kind === "lists" ? settling.settle(take) : take());
    } catch (error) {
      await drainBody(body);
      throw error;
    }
    return c.body(null, 204, LIFETIMES.live);
  });

  routes.post("/done", async (c) => {
    const ended = await receiverFor(c.req.url).end(senderOf(c.get("author")), c.get("ctx"));
    return c.json(ended, 200, LIFETIMES.live);
  });
  return routes;
}

/** A member may have no bytes; then there is no body. */
async function* bytesOfSize(body: ReadableStream<Uint8Array> | null, size: number): AsyncGenerator<Uint8Array> {
  if (body || size > 0) yield* bodyOfSize(body, size, "member");
}

function receiverOf(carried: CarriedParts["carried"], index: string, source: string | undefined): StepReceiver {
  const names = carried.map(({ name }) => name).join(", ");
  const [first, ...others] = carried;
  if (!first) {
    throw new IndexError(
      "no-such-route",
      `${index} has no source of kind offline, so that nothing can be imported to it: give it one in the configuration, [vars.UPSTREAMS.NAME] with kind = "offline" and a key.`,
    );
  }
  if (source === undefined && others.length === 0) return first.receiver;
  const named = carried.find(({ name }) => name === source);
  if (named) return named.receiver;
  throw badRequest(
    source === undefined
      ? `There are several offline sources: name one with ?source=: ${names}.`
      : `${index} has no offline source ${JSON.stringify(source.slice(0, 40))}; source may be one of: ${names}.`,
  );
}

/** Throws `bad-request` where it is no number. */
function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badRequest("A member has a number; the first is 1.");
}
