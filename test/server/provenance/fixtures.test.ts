import { verifiesTheNewestLog } from "../../provenance/newest-log.ts";
import { tellsPublishersApart } from "../../provenance/publishers.ts";
import { verifiesTheFixtures } from "../../provenance/suite.ts";

verifiesTheFixtures();
tellsPublishersApart();
verifiesTheNewestLog();
