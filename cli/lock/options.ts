import { upstreamAddress } from "../../schema/address.ts";
import { Sentence } from "../sentence.ts";
import { indexOf, rootOf, type Address } from "./address.ts";
import { withoutCredentials } from "./plan.ts";
import { parseArguments } from "../arguments.ts";

interface Common {
  /** The Simple API root that pypi-edge mirrors. */
  readonly upstream: Address;
  /** The files as they were named, at least one. */
  readonly files: readonly string[];
}

export interface CanonicalOptions extends Common {
  readonly direction: "canonical";
  /** Where pypi-edge was when the files were made; empty: to be found in the files. */
  readonly roots: readonly Address[];
}

export interface LocalOptions extends Common {
  readonly direction: "local";
  readonly root: Address;
}

export type LockOptions = CanonicalOptions | LocalOptions;

export const USAGE = `npm run lock -- canonical [options] FILE…   the upstream's own URLs instead of pypi-edge's
npm run lock -- local URL [options] FILE…  URLs of the pypi-edge at URL instead of the upstream's
  --url URL       where pypi-edge was when the files were made; may be repeated (found in a file
                  that proves it, and http://127.0.0.1:8787)
  --upstream URL  the Simple API root that pypi-edge mirrors (https://pypi.org/simple/)

FILE: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml, requirements as .txt or .in`;

/** Reads the command line; throws a `Sentence` that names what is wrong with it. */
export function readOptions(args: string[]): LockOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [direction, ...rest] = positionals;
  const upstream = upstreamOf(values.upstream);
  if (direction === "canonical") {
    return { direction, upstream, roots: values.url.map((url) => rootAt("--url", url)), files: some(rest) };
  }
  if (direction === "local") {
    if (values.url.length > 0) throw wrong("--url belongs to canonical; local takes its URL as the first argument.");
    const [url = "", ...files] = rest;
    return { direction, upstream, root: rootAt("local", url), files: some(files) };
  }
  throw wrong(
    direction === undefined ? "canonical or local is expected." : `${direction}: canonical or local is expected.`,
  );
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: {
        url: { type: "string", multiple: true, default: [] },
        upstream: { type: "string", default: "https://pypi.org/simple/" },
        help: { type: "boolean", default: false },
      },
    },
    USAGE,
  );
}

function upstreamOf(text: string): Address {
  const parsed = upstreamAddress.safeParse(text);
  if (parsed.success) return indexOf(parsed.data);
  throw new Sentence(`--upstream ${withoutCredentials(text)}: ${parsed.error.issues[0]?.message}.`);
}

function rootAt(option: string, text: string): Address {
  const root = rootOf(text);
  if (root) return root;
  throw new Sentence(
    `${option} ${withoutCredentials(text)}: pypi-edge's address is expected, such as http://127.0.0.1:8787.`,
  );
}

function some(files: string[]): string[] {
  if (files.length > 0) return files;
  throw wrong("At least one file is expected.");
}

const wrong = (sentence: string) => new Sentence(`${sentence}\n\n${USAGE}`);
