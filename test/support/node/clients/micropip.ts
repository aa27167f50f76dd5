import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { visit } from "../chromium.ts";
import type { Client } from "./client.ts";

/** As tests and tables show it: pyodide itself is nothing that could be had here. */
export const MICROPIP = "micropip's requests";

const SCRIPT = join(import.meta.dirname, "../../../clients/browser/micropip.js");

/** What micropip asks for, from a web page of another origin in a real Chromium; its wheels are then unpacked as it does. */
export function micropip(chromium: string): Client {
  return {
    async install(requirement, index, place) {
      const begun = performance.now();
      const ended = (code: number, output: string) => ({
        code,
        output,
        seconds: (performance.now() - begun) / 1000,
      });
      const argument = { requirement, index: `${index}{package_name}/?format=text/html` };
      const { result, error, files } = await visit<string[]>(chromium, { path: SCRIPT, argument, host: "localhost" });
      if (result === undefined) return ended(1, error ?? "");
      for (const [filename, bytes] of files) {
        const path = join(place.folder, filename);
        writeFileSync(path, bytes);
        const unpacked = await place.run("python3", ["-m", "zipfile", "-e", path, place.environment.site]);
        if (unpacked.code !== 0) return unpacked;
      }
      return ended(0, result.join("\n"));
    },
    notFound: /Can't fetch metadata for 'no-such-project': 404/,
  };
}
