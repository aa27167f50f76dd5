import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CLIENTS, type ClientName } from "../../support/node/clients/table.ts";
import { readWheel, smallContent } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import type { Shape } from "../../support/node/fake-index/simple.ts";
import { Rig } from "../../support/node/rig.ts";
import { COLUMNS } from "./columns.ts";
import { NOTES } from "./notes.ts";
import type { Stage } from "./situations.ts";

/** One client in every situation, over one store of its own and one upstream that takes each shape in turn. */
export function row(client: ClientName): void {
  const { label } = CLIENTS[client];
  const { homes, backends } = inject("supplies");
  const home = homes[client];
  const available = home !== undefined && backends !== null;

  describe(label, () => {
    let stage: Stage | undefined;
    let shape: Shape;
    beforeAll(async () => {
      if (!available) return;
      const content = [...(await smallContent(backends)), await readWheel(inject("large"))];
      const rig = await Rig.open(fakeIndex(content, () => shape));
      stage = { client: CLIENTS[client].client(home), rig, content };
    });
    afterAll(() => stage?.rig.close());

    test.for(COLUMNS)("$title", async (column, { task, skip }) => {
      const note = NOTES[client]?.[column.title];
      task.meta.cell = { table: "installing", row: label, column: column.title, note };
      skip(note !== undefined, note);
      skip(stage === undefined, "not available on this machine");
      shape = column.shape;
      expect.hasAssertions();
      if (stage) await column.play(stage);
    });
  });
}
