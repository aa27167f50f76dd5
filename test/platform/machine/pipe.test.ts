import { copyingPipe } from "../../../server/pipe.ts";
import { pipeSuite } from "../suites/pipe.ts";

pipeSuite(copyingPipe);
