import { readFileSync } from "node:fs";
import { whyNot } from "../named-file.ts";
import { Sentence } from "../sentence.ts";
import { tokenFile } from "../server/admin-token.ts";

/** The admin token that `npm start` keeps in the state directory; throws a `Sentence` where there is none to be read. */
export function readToken(state: string): string {
  const file = tokenFile(state);
  const hint =
    "npm start makes it when it first runs; name its directory with --state DIR, or the token in PYPI_EDGE_TOKEN or with --token T";
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Sentence(`There is no admin token in ${file}: ${whyNot(error)}. ${hint}.`);
  }
  if (token !== "") return token;
  throw new Sentence(`There is no admin token in ${file}: the file is empty. ${hint}.`);
}
