import { publishRow } from "../publishing/row.ts";

publishRow("twine");
