import { expect } from "chai";
import { describe, it } from "mocha";
import { FaultScript, type SimulatedCall } from "../../../local/clouds/faults.ts";

function call(facts: Partial<SimulatedCall> = {}): SimulatedCall {
  return { operation: "ec2:DescribeVolumes", region: "r1", principal: "p1", page: 1, ...facts };
}

/** The kinds of effect that calls in a row meet. */
async function effectsOf(script: FaultScript, calls: SimulatedCall[]): Promise<(string | null)[]> {
  const kinds: (string | null)[] = [];
  for (const each of calls) kinds.push((await script.meet(each))?.kind ?? null);
  return kinds;
}

describe("fault scripts", () => {
  it("meet nothing as long as there are no rules", async () => {
    expect(await effectsOf(new FaultScript(), [call()])).to.deep.equal([null]);
  });

  it("match operation, region, principal and page together", async () => {
    const script = new FaultScript();
    script.push({
      operation: "ec2:*",
      region: "r1",
      principal: "p1",
      page: 2,
      effect: { kind: "deny" },
    });
    const calls = [
      call({ page: 2 }),
      call({ page: 1 }),
      call({ page: 2, region: "r2" }),
      call({ page: 2, principal: "p2" }),
      call({ page: 2, operation: "s3:ListBuckets" }),
    ];
    expect(await effectsOf(script, calls)).to.deep.equal(["deny", null, null, null, null]);
  });

  it("apply so many times and no more", async () => {
    const script = new FaultScript();
    script.push({ times: 2, effect: { kind: "throttle" } });
    const kinds = await effectsOf(script, [call(), call(), call()]);
    expect(kinds).to.deep.equal(["throttle", "throttle", null]);
  });

  it("apply to the n-th matching call only", async () => {
    const script = new FaultScript();
    script.push({ operation: "ec2:DescribeVolumes", call: 2, effect: { kind: "reset" } });
    const calls = [call(), call({ operation: "other" }), call(), call()];
    expect(await effectsOf(script, calls)).to.deep.equal([null, null, "reset", null]);
  });

  it("apply to the first attempts of each call", async () => {
    const script = new FaultScript();
    script.push({ upToAttempt: 1, effect: { kind: "throttle" } });
    const calls = [call({ attempt: 1 }), call({ attempt: 1 }), call({ attempt: 2 })];
    expect(await effectsOf(script, calls)).to.deep.equal(["throttle", "throttle", null]);
  });

  it("let the first rule that matches decide", async () => {
    const script = new FaultScript();
    script.push({ times: 1, effect: { kind: "deny" } }, { effect: { kind: "hang" } });
    expect(await effectsOf(script, [call(), call()])).to.deep.equal(["deny", "hang"]);
  });

  it("record every call with what became of it", async () => {
    const script = new FaultScript();
    script.push({ times: 1, effect: { kind: "deny" } });
    await effectsOf(script, [call(), call({ page: 2 })]);
    expect(script.calls).to.deep.equal([
      { ...call(), effect: "deny" },
      { ...call({ page: 2 }), effect: null },
    ]);
    script.forget();
    expect(script.calls).to.have.length(0);
  });

  it("delay calls by the general latency and that of the rule", async () => {
    const script = new FaultScript();
    script.latencyMs = 20;
    script.push({ latencyMs: 20 });
    const startedAt = performance.now();
    await script.meet(call());
    expect(performance.now() - startedAt).to.be.at.least(38);
    script.clear();
    expect(script.latencyMs).to.equal(0);
  });
});
