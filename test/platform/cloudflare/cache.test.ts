import { cacheSuite } from "../suites/cache.ts";

cacheSuite(async () => caches.default);
