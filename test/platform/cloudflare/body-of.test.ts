import { bodyOf } from "../../../worker/cloudflare/platform.ts";
import { bodyOfSuite } from "../suites/body-of.ts";

bodyOfSuite(bodyOf);
