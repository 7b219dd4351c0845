import { expect } from "chai";
import { describe, it } from "mocha";
import { type Finding, type HealthState, nextHealth } from "../../workers/health-status.ts";

/** What a row of checks shows, one letter for each: healthy, degraded, error, unanswered. */
function trace(findings: string): string {
  const meaning: Record<string, Finding> = {
    h: "healthy",
    d: "degraded",
    e: "error",
    u: "unanswered",
  };
  let state: HealthState | null = null;
  const statuses = findings.split("").map((letter) => {
    state = nextHealth(state, meaning[letter] ?? "error");
    return state.status[0];
  });
  return statuses.join("");
}

describe("nextHealth", () => {
  const traces = [
    ["hhh", "hhh", "stays healthy"],
    ["huuuu", "hddee", "takes the third silence in a row for an error"],
    ["huhh", "hddh", "wants two good checks after a silence"],
    ["huuuhh", "hddedh", "comes back from an error by way of degraded"],
    ["huhuhuhh", "hddddddh", "does not flap with a provider that answers every other time"],
    ["u", "e", "knows nothing good of a credential that was never checked"],
    ["heh", "heh", "believes a refusal and its end at once"],
    ["heuhh", "heedh", "does not take silence for a mended credential"],
    ["hudh", "hddh", "takes a degraded answer for an answer"],
    ["hueuu", "hdeee", "keeps the error through silence"],
  ] as const;
  for (const [findings, statuses, what] of traces) {
    it(`${what}: ${findings} is ${statuses}`, () => expect(trace(findings)).to.equal(statuses));
  }
});
