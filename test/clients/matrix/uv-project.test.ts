import { row } from "./row.ts";

row("uv-project");
