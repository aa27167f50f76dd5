import { row } from "./row.ts";

row("bandersnatch");
