import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Outcome } from "../../../cli/demo/process.ts";
import { Place } from "../../support/node/clients/place.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import type { Gateway, Passage } from "../../support/node/gateway.ts";
import type { Parcel, Publisher } from "../../support/node/publishers/publisher.ts";
import type { Team } from "../../support/node/team.ts";
import { pack, packed, packSource, packWheel, type Contents } from "./parcels.ts";

/** Everything a situation needs. */
export interface Stage {
  readonly publisher: Publisher;
  readonly team: Team;
  /** Between the publisher and the product. */
  readonly gateway: Gateway;
  /** May upload to the index. */
  readonly token: string;
  /** A wheel of the project `freight` that is larger than one request may be. */
  readonly freight: string;
}

const parcel = (project: string): Parcel => ({ project, version: "1.0" });

/** A wheel and an sdist are published, and are there at once. */
export async function fresh(stage: Stage): Promise<void> {
  const { outcome, files } = await publish(stage, "anchor");
  expect(outcome.code, outcome.output).toBe(0);
  expect(Object.keys(files).toSorted()).toEqual(["anchor-1.0-py3-none-any.whl", "anchor-1.0.tar.gz"]);
  expect(await listed(stage, "anchor")).toEqual(files);
}

/** The very same once more: it succeeds, and nothing has changed. */
export async function identical(stage: Stage): Promise<void> {
  const before = await listed(stage, "anchor");
  const { outcome } = await publish(stage, "anchor");
  expect(outcome.code, outcome.output).toBe(0);
  expect(await listed(stage, "anchor")).toEqual(before);
}

/** The same names with other bytes. */
export async function different(stage: Stage): Promise<void> {
  const before = await listed(stage, "anchor");
  const { outcome } = await publish(stage, "anchor", { note: "It was built anew." });
  refusedWith(outcome, /File already exists: anchor-1\.0/);
  expect(await listed(stage, "anchor")).toEqual(before);
}

/** A byte has changed on the way. */
export async function wrongDigest(stage: Stage): Promise<void> {
  const { outcome } = await through(stage, "spoiled", "barrel");
  refusedWith(outcome, /The file that arrived has the .* was announced/);
  expect(await listed(stage, "barrel")).toEqual({});
}

/** A wheel that says of itself that it is another project's. */
export async function badMetadata(stage: Stage): Promise<void> {
  const { outcome } = await publish(stage, "crate", { describes: "otter" });
  refusedWith(
    outcome,
    /crate-1\.0-py3-none-any\.whl is otter 1\.0 according to its METADATA, but its filename names another/,
  );
  expect([await listed(stage, "crate"), await listed(stage, "otter")]).toEqual([{}, {}]);
}

/** A token that only reads, and one for other projects. */
export async function noRight(stage: Stage): Promise<void> {
  const reader = await stage.team.token({ scopes: ["read"] });
  const one = await publish({ ...stage, token: reader }, "deck");
  refusedWith(one.outcome, /The token "read" may not upload team: it is for read on team\./);
  const other = await stage.team.token({ scopes: ["upload"], projects: ["oak-*"] });
  const two = await publish({ ...stage, token: other }, "deck");
  refusedWith(two.outcome, /The token "upload" may not upload deck in team: it is for upload on team, for oak-\*\./);
  expect(await listed(stage, "deck")).toEqual({});
}

export async function expiredToken(stage: Stage): Promise<void> {
  const token = await stage.team.token({ scopes: ["upload"], expires: "1s" });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { outcome } = await publish({ ...stage, token }, "ensign");
  refusedWith(outcome, /The token "upload" expired at .*; ask the administrator of this index for another\./);
  expect(await listed(stage, "ensign")).toEqual({});
}

/** More than one request may carry: the client is told which command can. */
export async function tooLarge(stage: Stage): Promise<void> {
  const { outcome } = await publish(stage, "freight", { payload: incompressible(120_000_000) }, stage.freight);
  refusedWith(outcome, /pypi-edge upload FILE --index team/);
  expect(await listed(stage, "freight")).toEqual({});
}

/** The connection ends half-way, then the client dies half-way: nothing is there. Then it succeeds. */
export async function killed(stage: Stage): Promise<void> {
  const payload = incompressible(3_000_000);
  const cut = await through(stage, "cut", "galley", { payload });
  expect(cut.outcome.code, cut.outcome.output).not.toBe(0);
  expect(await listed(stage, "galley")).toEqual({});

  const death = new AbortController();
  stage.gateway.reached = () => death.abort();
  const dead = await through(stage, "held", "galley", { payload }, death.signal);
  expect([dead.outcome.code, death.signal.aborted], dead.outcome.output).toEqual([null, true]);
  expect(await listed(stage, "galley")).toEqual({});

  const { outcome, files } = await publish(stage, "galley", { payload });
  expect(outcome.code, outcome.output).toBe(0);
  expect(await listed(stage, "galley")).toEqual(files);
}

interface Published {
  readonly outcome: Outcome;
  /** What was, or was to be, published: SHA-256 by filename. */
  readonly files: Record<string, string>;
}

/** Has the client publish from a place of its own. */
export async function publish(
  { publisher, gateway, team, token }: Omit<Stage, "freight">,
  project: string,
  contents: Contents = {},
  wheel?: string,
  signal?: AbortSignal,
): Promise<Published> {
  const place = await Place.make();
  try {
    if (publisher.builds) packSource(place, parcel(project), publisher.builds, contents);
    else if (wheel !== undefined) packWheel(place, parcel(project), wheel);
    else await pack(place, parcel(project), contents);
    const target = { url: team.legacy(gateway.origin), token };
    const outcome = await publisher.publish(parcel(project), target, place, signal);
    return { outcome, files: packed(place) };
  } finally {
    place.remove();
  }
}

async function through(
  stage: Stage,
  passage: Passage,
  project: string,
  contents?: Contents,
  signal?: AbortSignal,
): Promise<Published> {
  stage.gateway.passage = passage;
  try {
    return await publish(stage, project, contents, undefined, signal);
  } finally {
    stage.gateway.passage = "whole";
  }
}

/** The client has failed, and shows why. */
function refusedWith({ code, output }: Outcome, sentence: RegExp): void {
  expect(code, output).not.toBe(0);
  expect(code, output).not.toBe(null);
  // Some break lines wherever they are full.
  expect(output.replaceAll(/\s+/g, " ")).toMatch(sentence);
}

/** What a reader gets of the project: SHA-256 by filename, found by reading each file, and as the page says. */
export async function listed({ team }: Pick<Stage, "team">, project: string): Promise<Record<string, string>> {
  const files = await team.hosted(project);
  for (const { filename, sha256, bytes } of files) {
    expect([filename, createHash("sha256").update(bytes).digest("hex")]).toEqual([filename, sha256]);
  }
  return Object.fromEntries(files.map(({ filename, sha256 }) => [filename, sha256]));
}
