import { memoryBody } from "../../../server/memory-body.ts";
import { bodyOfSuite } from "../suites/body-of.ts";

bodyOfSuite(memoryBody);
