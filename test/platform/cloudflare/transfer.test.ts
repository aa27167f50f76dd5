import { pipe } from "../../../worker/cloudflare/platform.ts";
import { transferSuite } from "../suites/transfer.ts";

transferSuite(pipe);
