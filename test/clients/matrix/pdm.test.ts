import { row } from "./row.ts";

row("pdm");
