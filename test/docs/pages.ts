import { apiPage, openApiFile } from "./api-page.ts";
import { commandsPage } from "./commands-page.ts";
import { costPage } from "./cost-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { scalePage } from "./scale-page.ts";

/** The files that are made from the code, by their paths, and what makes each. */
export const PAGES: Readonly<Record<string, () => string>> = {
  "docs/api.md": apiPage,
  "docs/commands.md": commandsPage,
  "docs/configuration.md": configurationPage,
  "docs/cost.md": costPage,
  "docs/scale.md": scalePage,
  "schema/openapi.json": openApiFile,
};
