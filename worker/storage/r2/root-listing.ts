import type { ListKeys } from "../keys.ts";
import { freshId } from "../keys.ts";
import type { Validators } from "../../pypi/page.ts";
import { shaped } from "../../repository/list-shapes.ts";
import { entriesIn, ProjectList, type ListContent, type ListHead } from "../../repository/project-list.ts";
import type { Context } from "../../repository/context.ts";
import { marksIn, marksText } from "../../repository/serial-marks.ts";
import type { ListStore } from "../../repository/ports/pages.ts";
import type { Objects } from "../../platform/objects.ts";
import { multipartUpload } from "./multipart-upload.ts";

/**
 * A longer validator is not stored, since R2's metadata is small: the listing is then fetched without it. Characters.
 */
const MAX_VALIDATOR = 512;

/**
 * A root listing in R2, JSON, HTML and names as three objects: PyPI's is too large for KV and for memory. The JSON has the
 * listing's facts. All name the revision that they were written in, and HTML or names of another revision are not used:
 * three objects cannot be written at once.
 */
export function listStore(r2: Objects, keys: ListKeys): ListStore {
  return {
    async get(ctx) {
      const object = await r2.get(keys.json);
      if (!object) return null;
      const { changedAt, serial, marks, etag, lastModified, digest, revision } = object.customMetadata ?? {};
      const validators: Validators = { etag, lastModified };
      const head = {
        digest: digest ?? object.etag,
        changedAt: Number(changedAt),
        serial: serial ? Number(serial) : undefined,
        marks: marksIn(marks),
        validators,
      };
      return new ProjectList(head, contentOf(object.body, revision, ctx), "r2");
    },

    create(head) {
      const revision = freshId();
      const sinks = {
        json: multipartUpload(r2, keys.json, { customMetadata: { ...metadataOf(head), revision } }),
        html: multipartUpload(r2, keys.html, { customMetadata: { revision } }),
        names: multipartUpload(r2, keys.names, { customMetadata: { revision } }),
      };
      return {
        write: (shape, bytes) => sinks[shape].write(bytes),
        async commit() {
          await Promise.all([sinks.html.commit(), sinks.names.commit()]);
          await sinks.json.commit();
        },
        async abort() {
          await Promise.allSettled(Object.values(sinks).map((sink) => sink.abort()));
        },
      };
    },
  };

  function contentOf(json: ReadableStream<Uint8Array>, revision: string | undefined, ctx: Context): ListContent {
    const giveUp = () => json.cancel();
    return {
      isStored: true,
      async open(shape) {
        if (shape === "json") return json;
        const other = revision === undefined ? null : await r2.get(keys[shape]);
        if (other?.customMetadata?.["revision"] === revision && other) {
          await json.cancel();
          return other.body;
        }
        await other?.body.cancel();
        return shaped(shape, entriesIn(json), undefined, giveUp, ctx);
      },
      entries: () => entriesIn(json),
      cancel: giveUp,
    };
  }
}

function metadataOf({ changedAt, serial, marks = [], validators, digest }: ListHead): Record<string, string> {
  const metadata: Record<string, string> = { changedAt: String(changedAt) };
  if (serial !== undefined) metadata["serial"] = String(serial);
  if (marks.length > 0) metadata["marks"] = marksText(marks);
  if (digest !== "") metadata["digest"] = digest;
  for (const [name, value] of Object.entries(validators)) {
    if (value && value.length <= MAX_VALIDATOR) metadata[name] = value;
  }
  return metadata;
}
