import { row } from "./row.ts";

row("poetry");
