import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fillAccount } from "../../../local/clouds/aws/generate.ts";
import { listingPatience } from "../../../providers/aws/clients.ts";
import { ProviderError } from "../../../providers/errors.ts";
import type { Page } from "../../../providers/provider.ts";
import {
  type AwsWorld,
  allResources,
  collect,
  impatient,
  scopeOf,
  setupAws,
  soon,
} from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";
import { until } from "../../support/until.ts";

describe("listing an AWS scope", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws({ largestPage: 10 });
    world.ireland.volumes.push(
      ...Array.from({ length: 25 }, (_, index) => ({ VolumeId: `vol-${index}` })),
    );
  });

  afterEach(() => world.close());

  function volumes(cursor?: string): AsyncIterable<Page> {
    const options = cursor === undefined ? { signal: soon() } : { signal: soon(), cursor };
    return world.provider.list(scopeOf("ec2:volume"), options);
  }

  it("streams page after page and ends with a null cursor", async () => {
    const pages = await collect(volumes());
    expect(pages.map((page) => page.resources.length)).to.deep.equal([10, 10, 5]);
    expect(pages.map((page) => page.cursor === null)).to.deep.equal([false, false, true]);
  });

  it("asks for pages of a thousand, which have the larger throttle budget", async () => {
    const wide = await setupAws();
    fillAccount(wide.account, { seed: 1, count: 3_000 });
    for (const region of ["us-east-1", "eu-west-1"]) {
      await collect(wide.provider.list(scopeOf("ec2:instance", region), { signal: soon() }));
    }
    await wide.close();
    expect(wide.aws.faults.callsOf("ec2:DescribeInstances")).to.have.length(2);
  });

  it("continues from a cursor that another provider left", async () => {
    const [first] = await collect(volumes());
    const other = world.open({});
    const options = { signal: soon(), cursor: first?.cursor ?? "" };
    const rest = await allResources(other.list(scopeOf("ec2:volume"), options));
    expect(rest).to.have.length(15);
  });

  it("goes on after an empty page that carries a token", async () => {
    world.aws.faults.push({
      operation: "ec2:DescribeVolumes",
      page: 1,
      effect: { kind: "empty-page" },
    });
    const pages = await collect(volumes());
    expect(pages.map((page) => page.resources.length)).to.deep.equal([0, 10, 10, 5]);
  });

  for (const page of [1, 2]) {
    it(`refuses a listing that runs in circles from page ${page} on`, async () => {
      world.aws.faults.push({
        operation: "ec2:DescribeVolumes",
        page,
        effect: { kind: "repeated-token" },
      });
      const error = await failureOf(collect(volumes()), ProviderError);
      expect(error).to.have.property("code", "PROVIDER_UNAVAILABLE");
      expect(error).to.have.property("message").that.contains("repeated a page token");
      expect(world.aws.faults.callsOf("ec2:DescribeVolumes").length).to.be.at.most(3);
    });
  }

  it("names the permission that is missing", async () => {
    world.aws.faults.push({ operation: "ec2:*", region: "eu-west-1", effect: { kind: "deny" } });
    const error = await failureOf(collect(volumes()), ProviderError);
    expect(error).to.include({
      code: "PERMISSION_DENIED",
      nativeCode: "UnauthorizedOperation",
      operation: "ec2:DescribeVolumes",
      fault: "tenant",
    });
    expect(world.aws.faults.callsOf("ec2:DescribeVolumes")).to.have.length(1);
  });

  it("does not blame the key for a region that the account has not enabled", async () => {
    const scope = scopeOf("ec2:volume", "ap-east-1");
    const error = await failureOf(
      collect(world.provider.list(scope, { signal: soon() })),
      ProviderError,
    );
    expect(error).to.include({
      code: "SERVICE_DISABLED",
      nativeCode: "AuthFailure",
      operation: "ec2:DescribeVolumes",
    });
  });

  it("blames the key that was revoked while its account is listed", async () => {
    const listing = volumes()[Symbol.asyncIterator]();
    await listing.next();
    world.account.keys.set(world.credential.accessKey, { secretKey: "other", revoked: true });
    const error = await failureOf(listing.next(), ProviderError);
    expect(error).to.have.property("code", "CREDENTIAL_REJECTED");
  });

  it("reads other regions while one is denied", async () => {
    world.aws.faults.push({ operation: "ec2:*", region: "eu-west-1", effect: { kind: "deny" } });
    const scope = scopeOf("ec2:volume", "us-east-1");
    const pages = await collect(world.provider.list(scope, { signal: soon() }));
    expect(pages).to.deep.equal([{ resources: [], cursor: null }]);
  });

  it("gives up a throttled listing after bounded attempts and keeps the pages before", async () => {
    world.aws.faults.push({
      operation: "ec2:DescribeVolumes",
      page: 2,
      effect: { kind: "throttle", retryAfterSeconds: 1 },
    });
    const provider = world.open({}, impatient(2_000));
    const seen: Page[] = [];
    const error = await failureOf(
      (async () => {
        for await (const page of provider.list(scopeOf("ec2:volume"), { signal: soon() })) {
          seen.push(page);
        }
      })(),
      ProviderError,
    );
    expect(seen).to.have.length(1);
    expect(error).to.include({ code: "THROTTLED", retryAfterMs: 1_000, fault: "provider" });
    expect(world.aws.faults.callsOf("ec2:DescribeVolumes")).to.have.length(3);
  });

  it("does not sit out a long wait but says how long it is", async () => {
    world.aws.faults.push({
      operation: "ec2:DescribeVolumes",
      effect: { kind: "throttle", retryAfterSeconds: 6 },
    });
    const error = await failureOf(collect(volumes()), ProviderError);
    expect(error).to.include({ code: "THROTTLED", retryAfterMs: 6_000 });
    expect(world.aws.faults.callsOf("ec2:DescribeVolumes")).to.have.length(1);
  });

  for (const midBody of [false, true]) {
    it(`repeats a page whose connection broke ${midBody ? "in its middle" : "before it came"}`, async () => {
      world.aws.faults.push({
        operation: "ec2:DescribeVolumes",
        page: 2,
        times: 1,
        effect: { kind: "reset", midBody },
      });
      expect(await allResources(volumes())).to.have.length(25);
    });
  }

  it("reports an outage when every attempt of a page is cut off", async () => {
    world.aws.faults.push({ page: 3, effect: { kind: "reset", midBody: true } });
    const provider = world.open({}, impatient(2_000));
    const error = await failureOf(
      collect(provider.list(scopeOf("ec2:volume"), { signal: soon() })),
      ProviderError,
    );
    expect(error).to.include({ code: "PROVIDER_UNAVAILABLE", isTransient: true });
  });

  it("times out a call that is never answered", async () => {
    world.aws.faults.push({ operation: "ec2:DescribeVolumes", effect: { kind: "hang" } });
    const provider = world.open({}, impatient(100));
    const error = await failureOf(
      collect(provider.list(scopeOf("ec2:volume"), { signal: soon() })),
      ProviderError,
    );
    expect(error).to.include({ code: "PROVIDER_UNAVAILABLE", nativeCode: "ETIMEDOUT" });
  });

  it("lets 120 parallel listings through one client succeed though each is throttled twice", async () => {
    const [, second] = await collect(volumes());
    const lastPage = { signal: soon(), cursor: second?.cursor ?? "" };
    world.aws.faults.push({
      operation: "ec2:DescribeVolumes",
      upToAttempt: 2,
      effect: { kind: "throttle" },
    });
    const lists = Array.from({ length: 120 }, () =>
      allResources(world.provider.list(scopeOf("ec2:volume"), lastPage)),
    );
    const counts = (await Promise.all(lists)).map((resources) => resources.length);
    expect(counts).to.deep.equal(Array(120).fill(5));
  });

  it("stops at once when it is aborted during a call, throwing the reason", async () => {
    world.aws.faults.push({ operation: "ec2:DescribeVolumes", effect: { kind: "hang" } });
    await expectPromptStop(world);
  });

  it("stops at once when it is aborted during a backoff", async () => {
    world.aws.faults.push({
      operation: "ec2:DescribeVolumes",
      effect: { kind: "throttle", retryAfterSeconds: 4 },
    });
    await expectPromptStop(world);
  });

  it("refuses a scope of another account", async () => {
    const scope = { ...scopeOf("ec2:volume"), accountId: "210987654321" };
    const error = await failureOf(
      collect(world.provider.list(scope, { signal: soon() })),
      ProviderError,
    );
    expect(error).to.have.property("code", "INVALID_REQUEST");
  });

  it("refuses a kind that it does not know", async () => {
    const scope = scopeOf("ec2:unicorn");
    const error = await failureOf(
      collect(world.provider.list(scope, { signal: soon() })),
      ProviderError,
    );
    expect(error).to.have.property("code", "INVALID_REQUEST");
  });
});

/** Aborts as soon as the first call has arrived, which would otherwise be waited for as long as patience lasts. */
async function expectPromptStop(world: AwsWorld): Promise<void> {
  const controller = new AbortController();
  const reason = new Error("the worker is shutting down");
  const listing = failureOf(
    collect(world.provider.list(scopeOf("ec2:volume"), { signal: controller.signal })),
    Error,
  );
  await until(() => world.aws.faults.callsOf("ec2:DescribeVolumes").length > 0);
  const abortedAt = performance.now();
  controller.abort(reason);
  expect(await listing).to.equal(reason);
  expect(performance.now() - abortedAt).to.be.below(listingPatience.answerMs / 10);
}
