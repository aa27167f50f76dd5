import { copyingPipe } from "../../../server/pipe.ts";
import { byteReaderSuite } from "../suites/byte-reader.ts";

byteReaderSuite(copyingPipe);
