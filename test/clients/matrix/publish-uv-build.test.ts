import { publishRow } from "../publishing/row.ts";

publishRow("uv-build");
