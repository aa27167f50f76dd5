import { explanation } from "../../schema/why.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import type { LeftOut } from "../migrate/source.ts";

/** A release that is left out as a whole, as reports call it. */
export const pinText = ({ name, version }: { readonly name: string; readonly version: string }) => `${name} ${version}`;

/** The same, each file that the policy of the index refuses with the sentence of its rule. */
export async function withReasons(
  server: ServerAccess,
  index: string,
  leftOut: readonly LeftOut[],
): Promise<readonly LeftOut[]> {
  const projects = new Set(leftOut.filter(({ filename }) => filename !== "").map(({ from }) => from));
  const sentences = new Map<string, string>();
  for (const project of projects) {
    try {
      const answer = await sendTo(server, "GET", `${indexPath(index)}-/why/${encodeURIComponent(project)}`);
      const { value } = await readApiJson(server, explanation, answer);
      for (const { filename, version, verdict, rules } of value.files) {
        const rule = rules.find(({ mode, exempted }) => mode === "enforce" && !exempted);
        if (verdict !== "refused" || !rule) continue;
        sentences.set(filename, rule.sentence);
        if (version !== undefined) sentences.set(pinText({ name: project, version }), rule.sentence);
      }
    } catch (error) {
      // An index without a policy explains nothing.
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return leftOut.map((left) => ({ ...left, reason: sentences.get(left.filename) ?? left.reason }));
}
