import { badRequest } from "../../errors.ts";
import { asFilename, isWheel, type Filename } from "../../pypi/filename.ts";
import type { OpenStage, Stage } from "../../publishing/ports.ts";
import type { Submission } from "../../publishing/submission.ts";
import { piecesOf } from "./multipart.ts";

/** A form of the upload API, as it came: its file staged, its fields held against each other. */
export type Form = Pick<Submission, "filename" | "staged" | "claimed">;

const REQUIRED = [":action", "protocol_version", "filetype", "metadata_version", "name", "version"] as const;
const DIGESTS = ["sha256_digest", "md5_digest"] as const;
const FIELDS = [...REQUIRED, ...DIGESTS, "blake2_256_digest"] as const;

type Field = (typeof FIELDS)[number];
type Fields = ReadonlyMap<Field, string>;

const FILE = "content";
const WANTED = { fields: new Set<string>(FIELDS), file: FILE };

/** The kinds that are taken, and what the API calls them. */
const FILETYPES = ["bdist_wheel", "sdist"];

/**
 * Reads a form of the upload API (the one that PyPI has, and all clients speak). What it stages must be discarded by whoever
 * gets it; where it throws, nothing is left.
 *
 * @throws IndexError `bad-request` where it is no sound upload, `storage-failed`
 */
export async function readForm(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
  openStage: OpenStage,
): Promise<Form> {
  const fields = new Map<Field, string>();
  let filename: Filename | undefined;
  let stage: Stage | undefined;
  try {
    for await (const piece of piecesOf(contentType, body, WANTED)) {
      if (piece.kind === "bytes") {
        await stage?.write(piece.bytes);
      } else if (piece.kind === "file") {
        if (stage) throw badRequest("The upload has two files; each file is an upload of its own.");
        filename = parseFilename(piece.filename);
        stage = openStage();
      } else {
        add(fields, piece.name, piece.value);
      }
    }
    if (!stage || filename === undefined) {
      throw badRequest(`The upload has no file: the part ${JSON.stringify(FILE)} is missing.`);
    }
    const claimed = claimedIn(fields, filename);
    return { filename, claimed, staged: await stage.finish() };
  } catch (error) {
    await stage?.abort();
    throw error;
  }
}

function add(fields: Map<Field, string>, name: string, value: string): void {
  const field = FIELDS.find((known) => known === name);
  if (field === undefined) return;
  if (fields.has(field)) throw badRequest(`The upload says ${field} twice.`);
  // Nothing else is done here: there is no reason to read a file before that is said.
  if (field === ":action" && value !== "file_upload") {
    throw badRequest(
      `The action ${quoted(value)} is not offered here; file_upload is, which is all that clients need.`,
    );
  }
  fields.set(field, value);
}

function claimedIn(fields: Fields, filename: Filename): Submission["claimed"] {
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
    throw badRequest(`The upload says that ${filename} is of the filetype ${quoted(filetype)}, which its name denies.`);
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
