import type { PublisherName } from "../../support/node/publishers/table.ts";
import * as situations from "./situations.ts";
import type { Stage } from "./situations.ts";

interface Column {
  readonly title: string;
  /** Rejects when the client, or pypi-edge behind it, does not do the right thing. */
  play(stage: Stage): Promise<void>;
}

/** In their order: the second and the third take up what the first has published. */
export const PUBLISH_COLUMNS = [
  { title: "new", play: situations.fresh },
  { title: "identical again", play: situations.identical },
  { title: "different bytes", play: situations.different },
  { title: "wrong digest", play: situations.wrongDigest },
  { title: "bad metadata", play: situations.badMetadata },
  { title: "no right", play: situations.noRight },
  { title: "expired token", play: situations.expiredToken },
  { title: "120 MB", play: situations.tooLarge },
  { title: "killed mid-way", play: situations.killed },
] as const satisfies readonly Column[];

export type PublishColumn = (typeof PUBLISH_COLUMNS)[number]["title"];

const OWN_BUILD = "it publishes nothing but what it has just built itself";

/** Cells that make no sense, and why. */
export const PUBLISH_NOTES: Partial<Record<PublisherName, Partial<Record<PublishColumn, string>>>> = {
  flit: { "bad metadata": OWN_BUILD },
  "uv-build": { "bad metadata": OWN_BUILD },
};
