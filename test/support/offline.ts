import { Exporter, type CarriedTestFile, type Send } from "./carried.ts";
import { ADMIN_TOKEN, Rig } from "./rig.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A wheel by its name and version; its bytes are a text. */
export const carriedWheel = (
  project: string,
  version: string,
  more: Partial<CarriedTestFile> = {},
): CarriedTestFile => ({
  filename: `${project}-${version}-py3-none-any.whl`,
  bytes: bytesOf(`${project} ${version}`),
  metadata: `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`,
  "requires-python": ">=3.9",
  ...more,
});

/** A file's address below an index: that of the source `main`. */
export const carriedPath = (project: string, sha256: string, filename: string) =>
  `/files/main.offline.invalid/${project}/${sha256}/${filename}`;

/** The configuration of a source `main` with these keys. */
export const offlineVars = (keys: Record<string, unknown>, index: Record<string, unknown> = {}) => ({
  UPSTREAMS: { main: { kind: "offline", ...keys } },
  INDEXES: { default: { sources: ["main"], ...index } },
});

/** An index over an offline source, and the other side of its air gap. Whatever is asked of a network fails the test. */
export async function offline(index: Record<string, unknown> = {}, vars: Record<string, unknown> = {}) {
  const exporter = await Exporter.create();
  const asked: string[] = [];
  const rig = new Rig(
    {
      ...offlineVars({ key: exporter.key }, index),
      FEED: true,
      ...vars,
    },
    {
      fetch: async (url) => {
        asked.push(url.href);
        throw new Error(`an offline index asked ${url.href}`);
      },
    },
  );
  return { rig, exporter, asked, send: sendTo(rig) };
}

/** Sends to the API of a rig, as an admin of all, or by another token. */
export const sendTo =
  (rig: Rig, token = ADMIN_TOKEN, base = ""): Send =>
  async (path, method, body) => {
    const headers = { Authorization: `Bearer ${token}` };
    const { response, settled } = await rig.open(base + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    await settled();
    return { status: response.status, text: () => text };
  };
