import { openKeyValue } from "../../../server/key-value.ts";
import { keyValueSuite } from "../suites/key-value.ts";
import { sqliteFiles } from "./files.ts";

const files = sqliteFiles();
keyValueSuite(async () => files.closing(openKeyValue(await files.cacheFile(files.path()), Date.now)));
