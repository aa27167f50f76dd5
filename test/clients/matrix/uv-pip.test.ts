import { row } from "./row.ts";

row("uv-pip");
