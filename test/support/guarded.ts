import { DAY } from "../../worker/duration.ts";
import { Rig } from "./rig.ts";
import type { FakeFile } from "./upstream.ts";

export const NOW = Date.parse("2026-11-22T12:00:00Z");

const bytesOf = (text: string) => new TextEncoder().encode(text);
export const at = (time: number) => new Date(time).toISOString();

export const file = (
  version: string,
  uploadedAt: number | undefined,
  entry: Record<string, unknown> = {},
): FakeFile => ({
  filename: `demo-${version}-py3-none-any.whl`,
  bytes: bytesOf(`demo ${version}`),
  metadata: `Metadata-Version: 2.1\nName: demo\nVersion: ${version}\n`,
  entry: { "upload-time": uploadedAt === undefined ? undefined : at(uploadedAt), ...entry },
});

export const [OLD, YOUNG] = [file("1.0", NOW - 30 * DAY), file("2.0", NOW - DAY)];
export const withPolicy = (policy: Record<string, unknown>, vars: Record<string, unknown> = {}) =>
  new Rig({ INDEXES: { default: { sources: ["pypi"], policy } }, ...vars });

export const DEMO = { versions: ["1.0", "2.0"] };

/** What an index with `min_age = "3d"` says of `YOUNG` at `NOW`. */
export const HELD = `${YOUNG.filename} is held until 2026-11-24 12:00 UTC: index default admits files 3 days after their upload.`;
