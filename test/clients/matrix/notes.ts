import type { ClientName } from "../../support/node/clients/table.ts";
import type { ColumnTitle } from "./columns.ts";

const NO_LOCK = "hatch's environments have no lock file, and its dependencies carry no hashes";

const NO_PINS = "it takes the hashes that the JSON API states, and can be told no others";
const NO_METADATA = "it mirrors whole files, and asks for no metadata";
const NO_JSON_API = "it needs the JSON API, which such an index does not have";

const NO_HASHES = "it takes the hashes that the page states, and can be told no others";
const WHEELS_ONLY = "it installs wheels only";

/** Cells of a row that make no sense, and why. */
export type Notes = Partial<Record<ColumnTitle, string>>;

export const MICROPIP_NOTES: Notes = { "hashes pinned": NO_HASHES, "wrong hash": NO_HASHES, sdist: WHEELS_ONLY };

export const NOTES: Partial<Record<ClientName, Notes>> = {
  hatch: { "hashes pinned": NO_LOCK, "wrong hash": NO_LOCK },
  bandersnatch: {
    "hashes pinned": NO_PINS,
    "wrong hash": NO_PINS,
    "no core-metadata": NO_METADATA,
    "HTML only": NO_JSON_API,
    "PyTorch's index": NO_JSON_API,
  },
};
