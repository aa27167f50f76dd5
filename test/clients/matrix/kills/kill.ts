import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WitnessSource } from "../../../../cli/demo/witness.ts";
import { buildWheel, type Wheel } from "../../../../cli/demo/wheel.ts";
import { faultsInState } from "../../../soak/state.ts";
import { incompressible } from "../../../support/node/fake-index/content.ts";
import type { Rig } from "../../../support/node/rig.ts";

/** For each kill before the answer, so many may be tried: others come too late. */
const MOST = 4;

const seed = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);

/** What a client heard of something before the server was killed: `given` is a file that it has, which may not be stored yet. */
export type Heard = "confirmed" | "given" | "cut" | (string & {});

/** Something that a server is killed in the middle of. */
export interface Round {
  readonly what: string;
  /** Rounds of one size last equally long. Bytes. */
  readonly size: number;
  /** Begins it. Resolves with what was heard of it when that is known, also after a kill. */
  begin(): Promise<Heard>;
  /** Looks after the next start whether it is there; rejects where it is there and not whole. */
  look(heard: Heard): Promise<boolean>;
  /** Does it, or the rest of it, to the end, and checks it. */
  again(isThere: boolean): Promise<void>;
  /** Kills and starts the server, where the rig does not. */
  readonly kill?: () => Promise<void>;
  readonly start?: () => Promise<void>;
}

export interface Act {
  /** As in "killed at random moments of uploads". */
  readonly name: string;
  /** What the upstream has. */
  readonly source: WitnessSource;
  /** Whether a kill after the answer is as good as one before. */
  readonly goesOn?: boolean;
  readonly sizes: readonly number[];
  prepare?(rig: Rig): Promise<void>;
  round(rig: Rig, name: string, size: number): Promise<Round>;
}

/**
 * Kills the server at random moments of something, and looks at what is there afterwards.
 *
 * @param where names the server in the summary
 * @param open starts pypi-edge
 */
export function killTest(where: string, kills: number, open: (source: WitnessSource) => Promise<Rig>, act: Act): void {
  describe(act.name, () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await open(act.source);
      await act.prepare?.(rig);
    });
    afterAll(() => rig?.close());

    test(`a server that is killed at ${kills} random moments of ${act.name} has each whole or not at all, and what it confirmed`, async ({
      task,
    }) => {
      const random = numbers(seed);
      const seen = { nothing: 0, whole: 0, confirmed: 0, given: 0 };
      // How long a round of each size takes, at best.
      const lasting = new Map<number, number>();
      for (const [at, size] of act.sizes.entries()) {
        const begun = performance.now();
        const round = await act.round(rig, `warmup${at}`, size);
        const heard = await round.begin();
        const answered = performance.now() - begun;
        await round.look(heard);
        lasting.set(size, act.goesOn ? performance.now() - begun : answered);
        await round.again(true);
      }

      const counted = () => seen.nothing + seen.whole + (act.goesOn ? seen.confirmed : 0);
      for (let at = 0; at < kills * MOST && counted() < kills; at++) {
        const size = act.sizes[at % act.sizes.length] ?? 0;
        const round = await act.round(rig, `round${at}`, size);
        const delay = random() * (lasting.get(size) ?? 0);
        const what = `KILL_SEED=${seed}, round ${at}: ${round.what}, killed after ${delay.toFixed(1)} ms`;

        const begun = performance.now();
        let answered = Infinity;
        const answer = round.begin().finally(() => (answered = performance.now() - begun));
        await new Promise((resolve) => setTimeout(resolve, delay));
        await (round.kill ?? (() => rig.kill()))();
        const heard = await answer;
        if (heard !== "cut" && !act.goesOn) lasting.set(size, Math.min(answered, lasting.get(size) ?? Infinity));
        await (round.start ?? (() => rig.start()))();

        const isThere = await orSaying(what, round.look(heard));
        expect(["confirmed", "given", "cut"], what).toContain(heard);
        expect([heard, isThere], what).not.toEqual(["confirmed", false]);
        const known = (["confirmed", "given"] as const).find((each) => each === heard);
        seen[known ?? (isThere ? "whole" : "nothing")] += 1;
        await orSaying(what, round.again(isThere));
      }

      const { nothing, whole, confirmed, given } = seen;
      task.meta.summary = `${where} killed at random moments of ${act.name} (KILL_SEED=${seed}), ${nothing} times nothing was there afterwards, ${whole} times all of it though no client had been told; another ${confirmed} times it was there, as had been confirmed before the kill${given > 0 ? `, and ${given} times a client had the file` : ""}.`;
      expect(counted(), task.meta.summary).toBe(kills);
      expect(act.goesOn === true || nothing > 0, task.meta.summary).toBe(true);
      await expectNothingLeft(rig, nothing + whole + confirmed + given);
    }, 1_800_000);
  });
}

/** Whatever else a kill may leave (half files, rows without files, files without rows) is not there. */
async function expectNothingLeft(rig: Rig, kills: number): Promise<void> {
  if (!rig.isOnMachine) return;
  // It adds the rows of files whose notes were lost.
  await rig.command("jobs", "run", "sweep");
  await rig.stop();
  expect(faultsInState(rig.state, kills)).toEqual([]);
}

/** Names the round in what it rejects with. */
async function orSaying<Result>(what: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw new Error(`${what}: ${String(cause)}`, { cause });
  }
}

export function wheelOf(name: string, size: number): Promise<Wheel> {
  return buildWheel({ name, version: "1.0", files: { [`${name}/payload.bin`]: incompressible(size) } });
}

export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(from: number): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${from} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}
