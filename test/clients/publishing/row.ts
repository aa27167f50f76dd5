import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Gateway } from "../../support/node/gateway.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { PUBLISHERS, type PublisherName } from "../../support/node/publishers/table.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team } from "../../support/node/team.ts";
import { PUBLISH_COLUMNS, PUBLISH_NOTES } from "./columns.ts";
import type { Stage } from "./situations.ts";

/** One client that publishes in every situation, to one index. */
export function publishRow(name: PublisherName): void {
  const { label, publisher } = PUBLISHERS[name];
  const home = inject("publishers").homes[name];

  describe(label, () => {
    let rig: Rig | undefined;
    let stage: Stage | undefined;
    beforeAll(async () => {
      if (home === undefined) return;
      const opened = await Rig.open(fakeIndex([], () => "pypi"));
      rig = opened;
      const team = new Team(opened);
      const gateway = await new Gateway(() => new URL(opened.index).origin).start();
      const token = await team.token({ scopes: ["upload"] });
      stage = { publisher: publisher(home), team, gateway, token, freight: inject("freight") };
    });
    afterAll(async () => {
      await stage?.gateway.stop();
      await rig?.close();
    });

    test.for(PUBLISH_COLUMNS)("$title", async ({ title, play }, { task, skip }) => {
      const note = PUBLISH_NOTES[name]?.[title];
      task.meta.cell = { table: "publishing", row: label, column: title, note };
      skip(note !== undefined, note);
      skip(stage === undefined, "not available on this machine");
      expect.hasAssertions();
      if (stage) await play(stage);
    });
  });
}
