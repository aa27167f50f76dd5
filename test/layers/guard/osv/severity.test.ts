import { expect, test } from "vitest";
import { baseScore3 } from "../../../../worker/policy/osv/cvss3.ts";
import { baseScore4 } from "../../../../worker/policy/osv/cvss4.ts";
import { severityIn } from "../../../../worker/policy/osv/severity.ts";
import { osvFixture } from "../../../support/osv.ts";

const rated = (...vectors: string[]) => ({ severity: vectors.map((score) => ({ type: "CVSS", score })) });
const [HIGH_3, HIGH_4] = [
  "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
];

test("severity is what the database says, else the highest base score of CVSS 3 and 4", async () => {
  expect(severityIn(await osvFixture("GHSA-44wm-f244-xhp3"))).toBe("medium");
  expect(severityIn(await osvFixture("PYSEC-2024-60"))).toBe("high");
  expect(severityIn({ ...rated(HIGH_4), database_specific: { severity: "LOW" } })).toBe("low");
  expect(severityIn(rated(HIGH_3))).toBe("high");
  expect(severityIn(rated(HIGH_4))).toBe("high");
  expect(severityIn(rated("CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", HIGH_3))).toBe("high");
  expect(severityIn(rated("CVSS:4.0/AV:N", "AV:N/AC:L/Au:N/C:P/I:P/A:P", "medium"))).toBeUndefined();
  expect(severityIn({})).toBeUndefined();
});

// As FIRST's calculator gives them (https://www.first.org/cvss/calculator/3.1).
test.each([
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1],
  ["CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:H", 4.7],
  ["CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N/E:P/RL:O", 6.4],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N", undefined],
  ["CVSS:2.0/AV:N", undefined],
])("the base score of %s is %s", (vector, score) => {
  expect(baseScore3(vector)).toBe(score);
});

// FIRST's examples (https://www.first.org/cvss/v4-0/examples), and the vectors at both ends.
test.each([
  ["AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3],
  ["AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7],
  ["AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3],
  ["AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6],
  ["AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1],
  ["AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 6.9],
  ["AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 5.9],
  ["AV:L/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 9.4],
  ["AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:H/SI:H/SA:H", 9.3],
  ["AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7],
  ["AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10],
  ["AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0],
  // What is said beside the base metrics does not count, as for CVSS 3.
  ["AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 7.7],
  ["AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N", undefined],
  ["AV:X/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", undefined],
  ["AV:NA/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", undefined],
])("the base score of CVSS:4.0/%s is %s", (metrics, score) => {
  expect(baseScore4(`CVSS:4.0/${metrics}`)).toBe(score);
  expect(baseScore4(metrics)).toBeUndefined();
});

/** Every 17th of the 104,976 base vectors. */
function* someVectors(): Generator<string> {
  const metrics = "AV:NALP AC:LH AT:NP PR:NLH UI:NPA VC:HLN VI:HLN VA:HLN SC:HLN SI:HLN SA:HLN".split(" ");
  for (let number = 0; number < 104_976; number += 17) {
    let left = number;
    const parts = metrics.map((metric) => {
      const [name = "", values = ""] = metric.split(":");
      const value = values[left % values.length] ?? "";
      left = Math.floor(left / values.length);
      return `${name}:${value}`;
    });
    yield ["CVSS:4.0", ...parts].join("/");
  }
}

// The sum of all scores, of an independent implementation (ae-cvss-calculator 1.0.13), which agreed on all 104,976.
test("the base scores of CVSS 4 add up to what others have", () => {
  let tenths = 0;
  for (const vector of someVectors()) tenths += Math.round(10 * (baseScore4(vector) ?? Number.NaN));
  expect(tenths).toBe(350_998);
});
