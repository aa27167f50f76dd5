import { commandsPage } from "./commands-page.ts";
import { costPage } from "./cost-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { scalePage } from "./scale-page.ts";

/** The pages in docs/ that are made from the code, and what makes each. */
export const PAGES: Readonly<Record<string, () => string>> = {
  "commands.md": commandsPage,
  "configuration.md": configurationPage,
  "cost.md": costPage,
  "scale.md": scalePage,
};
