import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../fuzz/random.ts";
import type { World } from "../world.ts";
import { askFile, askHead, askMetadata, askRange, askThroughTeam, askTogether } from "./files.ts";
import { warm, wheelhouse } from "./locks.ts";
import { sendOdd, sendWrong } from "./odd.ts";
import { askDocument, askHidden, askListing, askPage, askUnknown } from "./pages.ts";
import { deleteRelease, readUpload, yank } from "./releases.ts";
import { makeToken, revokeToken, useNoToken, useToken } from "./tokens.ts";
import { upload, uploadNothing } from "./uploads.ts";
import { publish, runSomeJob, watch } from "./watch.ts";

/** What a client does, as often as the weight says. */
const DEEDS: readonly (readonly [weight: number, deed: (world: World, random: Random) => Promise<void>])[] = [
  [20, askPage],
  [3, askUnknown],
  [2, askListing],
  [4, askDocument],
  [2, askHidden],
  [14, askFile],
  [3, askTogether],
  [4, askHead],
  [6, askRange],
  [6, askMetadata],
  [3, askThroughTeam],
  [6, upload],
  [4, uploadNothing],
  [8, readUpload],
  [2, yank],
  [1, deleteRelease],
  [2, makeToken],
  [1, revokeToken],
  [4, useToken],
  [2, useNoToken],
  [1, warm],
  [1, wheelhouse],
  [3, sendOdd],
  [2, sendWrong],
  [2, watch],
  [1, runSomeJob],
  [1, publish],
];

const WEIGHTS = DEEDS.reduce((sum, [weight]) => sum + weight, 0);

/** Between two deeds of a client, at most. Milliseconds. */
const REST = 80;

/** While the server is down. Milliseconds. */
const AWAY = 300;

/** A client that goes on until it is told to stop. While the server is down, it tries again as real clients do. */
export async function client(world: World, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await deedBy(random)(world, random.fork());
    await sleep(world.subject.isUp ? random.below(REST) : AWAY);
  }
}

function deedBy(random: Random) {
  let drawn = random.below(WEIGHTS);
  for (const [weight, deed] of DEEDS) {
    drawn -= weight;
    if (drawn < 0) return deed;
  }
  return askPage;
}
