import { throughStream } from "../../errors.ts";
import type { Validators } from "../../pypi/page.ts";
import { ProjectList } from "../../repository/project-list.ts";
import type { ListStore } from "../../repository/ports/pages.ts";
import type { Keys } from "../keys.ts";
import type { Objects } from "../../platform/objects.ts";
import { multipartUpload } from "./multipart-upload.ts";

/**
 * A longer validator is not stored, since R2's metadata is small: the listing is then fetched without it. Characters.
 */
const MAX_VALIDATOR = 512;

/** A source's root listing in R2: PyPI's is too large for KV and for memory. */
export function listStore(r2: Objects, keys: Keys): ListStore {
  return {
    async get() {
      const object = await r2.get(keys.list());
      if (!object) return null;
      const { changedAt, serial, etag, lastModified } = object.customMetadata ?? {};
      const validators: Validators = { etag, lastModified };
      const head = {
        digest: object.etag,
        changedAt: Number(changedAt),
        serial: serial ? Number(serial) : undefined,
        validators,
      };
      return new ProjectList(head, object.body, true, "r2");
    },

    async put(list) {
      const { changedAt, serial, validators } = list.head;
      const customMetadata: Record<string, string> = { changedAt: String(changedAt) };
      if (serial !== undefined) customMetadata["serial"] = String(serial);
      for (const [name, value] of Object.entries(validators)) {
        if (value && value.length <= MAX_VALIDATOR) customMetadata[name] = value;
      }
      const sink = multipartUpload(r2, keys.list(), { customMetadata });
      try {
        for await (const chunk of list.gzip()) await sink.write(chunk);
        await sink.commit();
      } catch (error) {
        await sink.abort();
        throw throughStream(error);
      }
    },
  };
}
