import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../../support/node/clients/client.ts";
import { CLIENTS, type ClientName } from "../../support/node/clients/table.ts";
import { readWheel, smallContent } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import type { Shape } from "../../support/node/fake-index/simple.ts";
import { Rig } from "../../support/node/rig.ts";
import { COLUMNS } from "./columns.ts";
import { NOTES, type Notes } from "./notes.ts";
import type { Stage } from "./situations.ts";

/** One of the clients that are installed from wheels, in every situation. */
export function row(name: ClientName): void {
  const { label, client } = CLIENTS[name];
  const home = inject("supplies").homes[name];
  rowOf(label, NOTES[name] ?? {}, home && (() => client(home)));
}

/**
 * One client in every situation, over one store of its own and one upstream that takes each shape in turn.
 *
 * @param make undefined: it could not be had on this machine
 */
export function rowOf(label: string, notes: Notes, make: (() => Client) | undefined): void {
  const { backends } = inject("supplies");

  describe(label, () => {
    let stage: Stage | undefined;
    let shape: Shape;
    beforeAll(async () => {
      if (!make || backends === null) return;
      const content = [...(await smallContent(backends)), await readWheel(inject("large"))];
      const rig = await Rig.open(fakeIndex(content, () => shape));
      stage = { client: make(), rig, content };
    });
    afterAll(() => stage?.rig.close());

    test.for(COLUMNS)("$title", async (column, { task, skip }) => {
      const note = notes[column.title];
      task.meta.cell = { table: "installing", row: label, column: column.title, note };
      skip(note !== undefined, note);
      skip(stage === undefined, "not available on this machine");
      shape = column.shape;
      expect.hasAssertions();
      if (stage) await column.play(stage);
    });
  });
}
