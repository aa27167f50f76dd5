import type { ClientName } from "../../support/node/clients/table.ts";
import type { ColumnTitle } from "./columns.ts";

const NO_LOCK = "hatch's environments have no lock file, and its dependencies carry no hashes";

const NO_PINS = "it takes the hashes that the JSON API states, and can be told no others";
const NO_METADATA = "it mirrors whole files, and asks for no metadata";
const NO_JSON_API = "it needs the JSON API, which such an index does not have";

/** Cells that make no sense, and why. */
export const NOTES: Partial<Record<ClientName, Partial<Record<ColumnTitle, string>>>> = {
  hatch: { "hashes pinned": NO_LOCK, "wrong hash": NO_LOCK },
  bandersnatch: {
    "hashes pinned": NO_PINS,
    "wrong hash": NO_PINS,
    "no core-metadata": NO_METADATA,
    "HTML only": NO_JSON_API,
    "PyTorch's index": NO_JSON_API,
  },
};
