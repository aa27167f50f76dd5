import { row } from "./row.ts";

row("hatch");
