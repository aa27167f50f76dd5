import { verifiesTheNewestLog } from "./newest-log.ts";
import { tellsPublishersApart } from "./publishers.ts";
import { verifiesTheFixtures } from "./suite.ts";

verifiesTheFixtures();
tellsPublishersApart();
verifiesTheNewestLog();
