import { expect } from "chai";
import { describe, it } from "mocha";
import { NotReadyError, openReadiness } from "../../runtime/readiness.ts";

describe("openReadiness", () => {
  it("says of every check what is wrong, without addresses", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), {
      code: "ECONNREFUSED",
    });
    const readiness = openReadiness({
      fine: async () => {},
      policy: async () => Promise.reject(new NotReadyError("policy is allkeys-lru")),
      server: async () => Promise.reject(refused),
      unknown: async () => Promise.reject(new Error("at db.internal")),
    });

    expect(await readiness.report()).to.deep.equal({
      ready: false,
      checks: {
        fine: "ok",
        policy: "policy is allkeys-lru",
        server: "failed (ECONNREFUSED)",
        unknown: "failed",
      },
    });
  });

  it("is not ready once it drains", async () => {
    const readiness = openReadiness({ fine: async () => {} });
    expect((await readiness.report()).ready).to.equal(true);

    readiness.drain();

    expect(await readiness.report()).to.deep.equal({
      ready: false,
      checks: { fine: "ok", process: "draining" },
    });
  });

  it("answers although a check hangs, and starts it once however often it is asked", async () => {
    let starts = 0;
    const readiness = openReadiness({
      hanging: async () => {
        starts += 1;
        return new Promise<void>(() => {});
      },
    });

    const reports = await Promise.all([readiness.report(), readiness.report()]);

    expect(reports.map((report) => report.checks["hanging"])).to.deep.equal([
      "no answer within 2000 ms",
      "no answer within 2000 ms",
    ]);
    expect(starts).to.equal(1);
  });
});
