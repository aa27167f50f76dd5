import { upstreamFailed } from "../errors.ts";
import type { ChangedRecord, OsvExport } from "../repository/ports/osv-export.ts";
import { resolveRange, type RangeSpec } from "../repository/range.ts";
import type { UpstreamClient } from "./client.ts";

/** A host that knows no ranges sends all of the archive, which has 32 MB; it is in memory then. Bytes. */
const MAX_ARCHIVE = 64 * 1024 ** 2;

/** So much of the list of changes is read: some 5,000 of them. Bytes. */
const CHANGES = 256 * 1024;

/** Bytes. */
const MAX_RECORD = 8 * 1024 ** 2;

/** With another encoding, the bytes would not be those of the range. */
const HEADERS = { "Accept-Encoding": "identity" };

const ID = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** OSV's export below an address that ends in `/`: `all.zip`, `modified_id.csv`, and a file for each record. */
export function osvExportAt(root: URL, client: UpstreamClient): OsvExport {
  const open = (name: string, range?: string) =>
    client.open(new URL(name, root), {
      headers: { ...HEADERS, ...(range !== undefined && { Range: range }) },
      undecoded: true,
    });

  return {
    archive() {
      /** The archive that the first part was of. */
      let known: string | undefined;
      let whole: Uint8Array | undefined;
      return async (range) => {
        if (!whole) {
          const answer = await open("all.zip", headerOf(range));
          if (!answer) return null;
          const { status, headers } = answer.response;
          const part = status === 206 ? /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "") : null;
          const stamp = `${headers.get("ETag")} ${headers.get("Last-Modified")} ${part?.[2] ?? "whole"}`;
          if (known !== undefined && known !== stamp) {
            await answer.response.body?.cancel();
            throw upstreamFailed(root.host, "all.zip was replaced while it was read; the next run reads the new one");
          }
          known = stamp;
          const bytes = await client.bytes(answer, MAX_ARCHIVE);
          if (part) return { bytes, offset: Number(part[1]), size: Number(part[2]) };
          whole = bytes;
        }
        const part = resolveRange(range, whole.byteLength);
        if (part === "unsatisfiable") return null;
        const { offset, length } = part;
        return { bytes: whole.subarray(offset, offset + length), offset, size: whole.byteLength };
      };
    },

    async changes() {
      const answer = await open("modified_id.csv", `bytes=0-${CHANGES - 1}`);
      return answer && changesIn(await client.text(answer));
    },

    async record(id) {
      if (!ID.test(id)) return null;
      const answer = await open(`${id}.json`);
      return answer && client.bytes(answer, MAX_RECORD);
    },
  };
}

const headerOf = (range: RangeSpec) =>
  "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ""}`;

/** Lines of a time and an id. The last may be cut off, and any other may be something else. */
function changesIn(text: string): ChangedRecord[] {
  return text.split("\n").flatMap((line) => {
    const [time = "", id = ""] = line.trim().split(",");
    const changedAt = Date.parse(time);
    return Number.isNaN(changedAt) || !ID.test(id) ? [] : [{ id, changedAt }];
  });
}
