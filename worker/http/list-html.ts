import { rootHtml } from "../pypi/simple-html.ts";
import { rootJson } from "../pypi/simple-json.ts";
import type { ProjectList } from "../repository/list.ts";

/** The root listing as HTML, line by line from its JSON: 40 MB are never held. */
export async function* listHtml(list: ProjectList): AsyncGenerator<string> {
  yield rootHtml.opening;
  let rest = "";
  for await (const chunk of (await list.json()).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    const names = lines.map(rootJson.nameIn).filter((name) => name !== undefined);
    if (names.length > 0) yield names.map(rootHtml.project).join("");
  }
  yield rootHtml.closing;
}
