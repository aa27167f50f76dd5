import { pipe } from "../../../worker/cloudflare/platform.ts";
import { pipeSuite } from "../suites/pipe.ts";

pipeSuite(pipe);
