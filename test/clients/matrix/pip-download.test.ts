import { row } from "./row.ts";

row("pip-download");
