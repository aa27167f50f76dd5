import { readFileSync } from "node:fs";
import { tokenFile } from "../serve/admin-token.ts";
import { CommandError } from "./command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

/** The admin token that the server on this machine stores in its state directory; throws a `CommandError` where there is none. */
export function readToken(state: string): string {
  const file = tokenFile(state);
  const hint =
    "pypi-edge serve makes it at its first start; name its directory with --state DIR, or give the token in PYPI_EDGE_TOKEN or with --token -";
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CommandError(`There is no admin token in ${file}: ${fileErrorText(error)}. ${hint}.`, "refused");
  }
  if (token !== "") return token;
  throw new CommandError(`There is no admin token in ${file}: the file is empty. ${hint}.`, "refused");
}
