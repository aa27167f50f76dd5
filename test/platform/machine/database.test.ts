import { openDatabase } from "../../../server/database.ts";
import { databaseSuite } from "../suites/database.ts";
import { sqliteFiles } from "./files.ts";

const files = sqliteFiles();
databaseSuite(async () => files.closing(await openDatabase(files.path(), files.writer)));
