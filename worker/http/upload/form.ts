import { badRequest } from "../../errors.ts";
import { asFilename, isWheel, type Filename } from "../../pypi/filename.ts";
import type { OpenStagingFile, StagingFile } from "../../publishing/ports.ts";
import type { PublishRequest } from "../../publishing/publish-request.ts";
import { readFormPieces } from "./multipart.ts";

/** An upload form whose file is staged and whose fields were checked. */
export type UploadForm = Pick<PublishRequest, "filename" | "staged" | "claimed" | "attestations">;

const REQUIRED = [":action", "protocol_version", "filetype", "metadata_version", "name", "version"] as const;
const DIGESTS = ["sha256_digest", "md5_digest"] as const;
const ATTESTATIONS = "attestations";
const FIELDS = [...REQUIRED, ...DIGESTS, "blake2_256_digest", ATTESTATIONS] as const;

type Field = (typeof FIELDS)[number];
type Fields = ReadonlyMap<Field, string>;

const FILE = "content";
const WANTED = { fields: new Set<string>(FIELDS), long: new Set([ATTESTATIONS]), file: FILE };

/** The accepted values of the `filetype` field. */
const FILETYPES = ["bdist_wheel", "sdist"];

/**
 * Reads a form of the upload API that PyPI has and all clients use. The caller must discard what is staged; where this
 * throws, nothing is left.
 *
 * @throws IndexError `bad-request` where it is not a valid upload, `storage-failed`
 */
export async function readUploadForm(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
  openStagingFile: OpenStagingFile,
): Promise<UploadForm> {
  const fields = new Map<Field, string>();
  let filename: Filename | undefined;
  let staging: StagingFile | undefined;
  try {
    for await (const piece of readFormPieces(contentType, body, WANTED)) {
      if (piece.kind === "bytes") {
        await staging?.write(piece.bytes);
      } else if (piece.kind === "file") {
        if (staging) throw badRequest("The upload has two files. Send each file in a separate upload.");
        filename = parseFilename(piece.filename);
        staging = openStagingFile();
      } else {
        addField(fields, piece.name, piece.value);
      }
    }
    if (!staging || filename === undefined) {
      throw badRequest(`The upload has no file: the part ${JSON.stringify(FILE)} is missing.`);
    }
    const claimed = claimsOf(fields, filename);
    return { filename, claimed, attestations: fields.get(ATTESTATIONS), staged: await staging.finish() };
  } catch (error) {
    await staging?.abort();
    throw error;
  }
}

function addField(fields: Map<Field, string>, name: string, value: string): void {
  const field = FIELDS.find((known) => known === name);
  if (field === undefined) return;
  if (fields.has(field)) throw badRequest(`The upload says ${field} twice.`);
  // Checked at once, before the file is read in vain.
  if (field === ":action" && value !== "file_upload") {
    throw badRequest(
      `The action ${quoted(value)} is not offered here; file_upload is, which is all that clients need.`,
    );
  }
  fields.set(field, value);
}

function claimsOf(fields: Fields, filename: Filename): PublishRequest["claimed"] {
  const missing = REQUIRED.filter((field) => !fields.get(field));
  if (missing.length > 0) {
    throw badRequest(
      `The upload lacks ${missing.join(", ")}. twine, uv publish and other clients send all that is needed.`,
    );
  }
  const version = fields.get("protocol_version");
  if (version !== "1") throw badRequest(`The protocol_version is ${quoted(version)}; this index speaks 1.`);
  checkFiletype(fields.get("filetype"), filename);
  const [sha256, md5] = DIGESTS.map((field) => fields.get(field));
  if (!sha256 && !md5) {
    throw badRequest(
      "The upload lacks a digest that can be checked here: send sha256_digest (md5_digest will do, blake2_256_digest alone will not).",
    );
  }
  return {
    name: fields.get("name"),
    version: fields.get("version"),
    digests: { ...(sha256 && { sha256 }), ...(md5 && { md5 }) },
  };
}

function checkFiletype(filetype: string | undefined, filename: Filename): void {
  if (!FILETYPES.some((known) => known === filetype)) {
    throw badRequest(`The filetype ${quoted(filetype)} is not taken here; ${FILETYPES.join(" and ")} are.`);
  }
  if ((filetype === "bdist_wheel") !== isWheel(filename)) {
    throw badRequest(
      `The upload says that the filetype of ${filename} is ${quoted(filetype)}, but its name says otherwise.`,
    );
  }
}

function parseFilename(raw: string): Filename {
  const filename = asFilename(raw);
  if (filename !== undefined) return filename;
  throw badRequest(
    `${quoted(raw)} is not a filename: a name without a folder or control characters is, of at most 255 characters.`,
  );
}

const quoted = (text = "") => JSON.stringify(text.slice(0, 80));
