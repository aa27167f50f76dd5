import { copyingPipe } from "../../../server/pipe.ts";
import { transferSuite } from "../suites/transfer.ts";

transferSuite(copyingPipe);
