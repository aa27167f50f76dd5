import type { Random } from "../../fuzz/random.ts";
import { SECOND } from "../../../worker/duration.ts";
import { ADMIN, bearer, type World } from "../world.ts";

/** A revocation takes effect within so long. Milliseconds. */
const TAKES_EFFECT = 31 * SECOND;

const PAGE = "/team/simple/soak-1/";

/** Makes a token, and reads with it. */
export async function makeToken(world: World, random: Random): Promise<void> {
  const text = await createToken(world, ["read"]);
  if (text === undefined) return;
  const [, id = ""] = text.split("_");
  world.ledger.tokens.push({ id, text, revokedAt: undefined, isBusy: false });
  world.expect(await world.ask(PAGE, { headers: { ...bearer(text), ...from(random) } }), [200, 503]);
}

/** Revokes a token. */
export async function revokeToken(world: World, random: Random): Promise<void> {
  const free = world.ledger.tokens.filter(({ revokedAt, isBusy }) => revokedAt === undefined && !isBusy);
  if (free.length === 0) return;
  const token = random.pick(free);
  token.isBusy = true;
  const heard = await world.ask(`/-/api/tokens/${token.id}`, { method: "DELETE", headers: ADMIN });
  // Without an answer it stays busy: nothing is known of it.
  if (!world.expect(heard, [200, 204])) return;
  token.revokedAt = performance.now();
  token.isBusy = false;
}

/** Reads with a token that may have been revoked. */
export async function useToken(world: World, random: Random): Promise<void> {
  const free = world.ledger.tokens.filter(({ isBusy }) => !isBusy);
  if (free.length === 0) return;
  const token = random.pick(free);
  const { revokedAt } = token;
  const began = performance.now();
  const heard = await world.ask(PAGE, { headers: { ...bearer(token.text), ...from(random) } });
  if (revokedAt !== undefined && began > revokedAt + TAKES_EFFECT) world.expect(heard, [401, 429]);
  else if (revokedAt === undefined && !token.isBusy && token.revokedAt === undefined) world.expect(heard, [200, 503]);
}

/** Reads without a token, with a wrong one, and with a token for something else. */
export async function useNoToken(world: World, random: Random): Promise<void> {
  const wrong = random.pick([undefined, "nonsense", `pypi-edge_${"0".repeat(16)}_${"a".repeat(43)}`]);
  const headers = { ...(wrong !== undefined && bearer(wrong)), ...from(random) };
  world.expect(await world.ask(random.pick([PAGE, "/-/metrics", "/-/api/tokens"]), { headers }), [401, 429]);
}

/** A new token for the index `team`; undefined where the server did not answer. */
export async function createToken(world: World, scopes: readonly string[]): Promise<string | undefined> {
  const body = Buffer.from(JSON.stringify({ name: "soak", index: "team", scopes }));
  const headers = { ...ADMIN, "content-type": "application/json" };
  const heard = await world.ask("/-/api/tokens", { method: "POST", headers, body });
  if (!world.expect(heard, [201])) return undefined;
  return (JSON.parse(heard.body.toString()) as { token: string }).token;
}

/** An address of its own, behind the proxy that the soak is. */
const from = (random: Random) => ({ "x-forwarded-for": `10.${random.below(250)}.${random.below(250)}.1` });
