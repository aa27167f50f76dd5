import { row } from "./row.ts";

row("pipenv");
