import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { describe } from "vitest";
import { serveHttp } from "../../../server/http/serve-http.ts";
import handler from "./http-handler.ts";
import { httpSuite } from "./http-suite.ts";
import { inWorkerd } from "./in-workerd.ts";

const HANDLER = join(import.meta.dirname, "http-handler.ts");

const onThisMachine = () =>
  serveHttp({ host: "127.0.0.1", port: 0, handler: (request) => handler.fetch(request), report: () => undefined });

describe("workerd", () => {
  httpSuite(async () => inWorkerd(stripTypeScriptTypes(await readFile(HANDLER, "utf8"))));
});

describe("one machine", () => {
  httpSuite(onThisMachine);
});
