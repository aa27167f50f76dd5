import { expect, test } from "vitest";
import { KnownSenders } from "../../worker/auth/known-senders.ts";
import { ADMIN } from "../../worker/auth/principal.ts";

const SENDER = { principal: ADMIN, rights: undefined };
const NOW = 1_000_000;

test("a header is known for ten seconds, and not before it was shown", () => {
  const known = new KnownSenders();
  known.set("Bearer a", SENDER, NOW);
  expect([9_999, 10_000, -1].map((later) => known.get("Bearer a", NOW + later))).toEqual([
    SENDER,
    undefined,
    undefined,
  ]);
  expect(known.get("Bearer b", NOW)).toBeUndefined();
});

test("a header that is known no longer is not kept, nor are more than 5,000", () => {
  const known = new KnownSenders();
  known.set("Bearer old", SENDER, NOW);
  known.set("Bearer new", SENDER, NOW + 10_000);
  // As of a clock that was set back: what was dropped is not found at any time.
  expect(known.get("Bearer old", NOW)).toBeUndefined();
  for (let nth = 0; nth < 5_000; nth += 1) known.set(`Bearer ${nth}`, SENDER, NOW + 10_000);
  expect([known.get("Bearer new", NOW + 10_000), known.get("Bearer 0", NOW + 10_000)]).toEqual([undefined, SENDER]);
});
