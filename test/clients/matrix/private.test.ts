import { reads } from "../publishing/reading.ts";

reads();
