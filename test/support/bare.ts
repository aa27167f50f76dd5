import { env } from "cloudflare:workers";
import { filePath, Rig } from "./rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "./upstream.ts";
import { demoWheel, metadataText } from "./wheel.ts";

/** A sound wheel of `demo`, and what leads to it and to its metadata. */
export const NAME = "demo-1.0-py3-none-any.whl";
export const URL_OF_WHEEL = FakeUpstream.FILES + NAME;
export const METADATA_PATH = `${filePath(NAME)}.metadata`;
export const PAGE = `${FakeUpstream.INDEX}demo/`;
export const METADATA = metadataText("demo");
export const WHEEL = await demoWheel();

/** After which a page is checked again. Milliseconds. */
export const TEN_MINUTES = 601_000;

/** A file of an upstream that knows PEP 503 and no more: ranges and a date, but no size, upload time or metadata. */
export const bare = (filename: string, bytes: Uint8Array, more: Partial<FakeFile> = {}): FakeFile => ({
  filename,
  bytes,
  ranges: true,
  lastModified: "Wed, 01 Jul 2026 10:00:00 GMT",
  ...more,
  entry: { size: undefined, "upload-time": undefined, ...more.entry },
});

/** An index whose upstream has the wheel, bare but for what `file` says, and `others`. */
export async function published(file: Partial<FakeFile> = {}, ...others: FakeFile[]): Promise<Rig> {
  const rig = new Rig();
  await rig.upstream.publish("demo", [bare(NAME, WHEEL, file), ...others]);
  return rig;
}

/** The page's files once a file has come upstream and the page was checked again. */
export async function changed(rig: Rig, file: Partial<FakeFile> = {}) {
  await rig.upstream.publish("demo", [bare(NAME, WHEEL, file), bare("demo-1.1.tar.gz", new Uint8Array(9))]);
  rig.wait(TEN_MINUTES);
  return files(rig);
}

/** The files of the page of `demo`. */
export const files = async (rig: Rig) => (await rig.page("demo")).json?.files ?? [];

/** What D1 has about files. */
export const rows = async () => (await env.DB.prepare("SELECT * FROM file").all()).results;

/** SHA-256 of a text, hex. */
export const digest = (text: string) => sha256(new TextEncoder().encode(text));
