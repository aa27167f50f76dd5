import { openCache } from "../../../server/cache.ts";
import { cacheSuite } from "../suites/cache.ts";
import { sqliteFiles } from "./files.ts";

const files = sqliteFiles();
cacheSuite(async () => files.closing(openCache(await files.cacheFile(files.path()), Date.now)));
