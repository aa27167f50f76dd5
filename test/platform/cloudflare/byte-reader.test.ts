import { pipe } from "../../../worker/cloudflare/platform.ts";
import { byteReaderSuite } from "../suites/byte-reader.ts";

byteReaderSuite(pipe);
