import { expect } from "chai";
import { describe, it } from "mocha";
import { cronProblem } from "../../runtime/cron-expression.ts";

const sound = [
  "*/30 * * * *",
  "0 0 * * *",
  "*/15 * * * * *",
  "5,35 8-17 * * mon-fri",
  "0 0 29 2 *",
  "0 0 31 * *",
  "0 0 1 jan,jul *",
  "0 12 * * 7",
];

const refused: [string, RegExp][] = [
  ["", /^expected 5 or 6 fields but got 1$/],
  ["* * * *", /^expected 5 or 6 fields but got 4$/],
  ["* * * * * * *", /^expected 5 or 6 fields but got 7$/],
  ["60 * * * *", /got value 60 expected range 0-59/],
  ["0 24 * * *", /got value 24 expected range 0-23/],
  ["0 0 0 * *", /got value 0 expected range 1-31/],
  ["0 0 * 13 *", /got value 13 expected range 1-12/],
  ["0 22-2 * * *", /22-2/],
  ["*/90 * * * *", /^\*\/90: steps of at most 59$/],
  ["*/0 * * * *", /cannot repeat at every 0 time/],
  ["0 0 30 2 *", /^it never comes$/],
  ["0 0 31 4,6 *", /^it never comes$/],
  ["0 3 1 * 1", /^restrict the day of the month or the day of the week, not both$/],
  ["0 3 */2 * mon", /^restrict the day of the month or the day of the week, not both$/],
  ["0 0 L * *", /^L is not a list/],
  ["0 0 * * 1#2", /^1#2 is not a list/],
  ["0 0 ? * *", /^\? is not a list/],
  ["0 0 15W * *", /^15W is not a list/],
  ["0 0 * foo *", /foo/],
];

describe("cronProblem", () => {
  for (const expression of sound) {
    it(`takes ${expression}`, () => {
      expect(cronProblem(expression)).to.equal(null);
    });
  }

  for (const [expression, problem] of refused) {
    it(`refuses "${expression}" and says why`, () => {
      expect(cronProblem(expression)).to.match(problem);
    });
  }
});
