import { filePath, Rig } from "./rig.ts";
import { FakeUpstream, type FakeFile } from "./upstream.ts";

/** A file, the two states of it, and an upstream that replaces the one by the other under its URL. */
export const FILENAME = "demo-1.0-py3-none-any.whl";
export const PATH = filePath(FILENAME);
export const URL_OF_FILE = FakeUpstream.FILES + FILENAME;
export const PAGE = `${FakeUpstream.INDEX}demo/`;
export const TTL = 601_000;

/** As a wheel begins, and then `text` again and again. */
export const bytesOf = (text: string, size = 5_000) =>
  new Uint8Array(size).map((_, at) => `PK\u0003\u0004`.charCodeAt(at) || text.charCodeAt((at - 4) % text.length));
export const A: FakeFile = {
  filename: FILENAME,
  bytes: bytesOf("the first bytes"),
  metadata: "Metadata-Version: 2.1\nName: a\n",
};
export const B: FakeFile = {
  filename: FILENAME,
  bytes: bytesOf("the second bytes"),
  metadata: "Metadata-Version: 2.1\nName: b\n",
};

export const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes?.slice(4, 24));
export const served = async (rig: Rig) => textOf((await rig.get(PATH)).body);
export const metadata = async (rig: Rig) => (await rig.get(`${PATH}.metadata`)).text();
export const listed = async (rig: Rig) => (await rig.page("demo")).json?.files[0]?.["hashes"];

/** Another isolate over the same storage and upstream. */
export function another(rig: Rig): Rig {
  const clock: { of?: Rig } = {};
  const other = new Rig({}, { fetch: rig.upstream.fetch, now: () => clock.of?.now ?? rig.now });
  other.now = rig.now;
  clock.of = other;
  return other;
}

/** A rig whose upstream has A, which was given once with its metadata, and then has B. */
export async function replaced(options: { first?: FakeFile; second?: FakeFile } = {}): Promise<Rig> {
  const rig = new Rig();
  await rig.upstream.publish("demo", [options.first ?? A]);
  await rig.page("demo");
  await rig.get(PATH);
  await rig.get(`${PATH}.metadata`);
  await rig.upstream.publish("demo", [options.second ?? B]);
  rig.wait(TTL);
  return rig;
}

export async function count(rig: Rig): Promise<number> {
  const totals = await rig.services.counters.totals(["events"]);
  return totals.find(({ labels }) => labels["event"] === "file-replaced")?.value ?? 0;
}
