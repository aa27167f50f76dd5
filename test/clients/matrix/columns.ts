import type { Shape } from "../../support/node/fake-index/simple.ts";
import * as situations from "./situations.ts";
import { installs, type Stage } from "./situations.ts";

/** A situation in which every client must do the right thing. */
interface Column {
  readonly title: string;
  /** How the index behind pypi-edge speaks meanwhile. */
  readonly shape: Shape;
  /** Rejects when the client, or pypi-edge before it, does not. */
  play(stage: Stage): Promise<unknown>;
}

/**
 * In their order: the second and the third take up what the first has left in the store, and an upstream of another shape is
 * asked for what was never asked for before.
 */
export const COLUMNS = [
  { title: "cold", shape: "pypi", play: situations.cold },
  { title: "warm", shape: "pypi", play: situations.warm },
  { title: "upstream down", shape: "pypi", play: situations.upstreamDown },
  { title: "hashes pinned", shape: "pypi", play: situations.hashesPinned },
  { title: "wrong hash", shape: "pypi", play: situations.wrongHash },
  { title: "file tampered with", shape: "pypi", play: situations.fileTamperedWith },
  { title: "yanked, pinned", shape: "pypi", play: (stage) => installs(stage, "bruise==2.0", { bruise: "2.0" }) },
  { title: "yanked, not pinned", shape: "pypi", play: (stage) => installs(stage, "bruise", { bruise: "1.0" }) },
  { title: "sdist", shape: "pypi", play: (stage) => installs(stage, "clay", { clay: "1.0" }) },
  {
    title: "name spelled otherwise",
    shape: "pypi",
    play: (stage) => installs(stage, "Zope.Event_Thing", { zope_event_thing: "1.0" }),
  },
  { title: "absent project", shape: "pypi", play: situations.absentProject },
  { title: "200 MB wheel", shape: "pypi", play: (stage) => installs(stage, "boulder", { boulder: "1.0" }) },
  {
    title: "no core-metadata",
    shape: "json without core-metadata",
    play: (stage) => installs(stage, "hamper", { hamper: "1.2", cup: "1.3" }),
  },
  {
    title: "HTML only",
    shape: "html only",
    play: (stage) => installs(stage, "kiosk", { kiosk: "1.5", fruit: "1.6" }),
  },
  {
    title: "PyTorch's index",
    shape: "pytorch",
    play: (stage) => installs(stage, "gadget==1.0+cpu", { gadget: "1.0+cpu" }),
  },
] as const satisfies readonly Column[];

export type ColumnTitle = (typeof COLUMNS)[number]["title"];
