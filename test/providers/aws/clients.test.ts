import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { openClients } from "../../../providers/aws/clients.ts";
import { openAws } from "../../../providers/aws/provider.ts";
import { type AwsWorld, accountId, setupAws, soon } from "../../support/aws.ts";
import { setEnvironment } from "../../support/environment.ts";

describe("AWS clients", () => {
  let world: AwsWorld;
  let restore: () => void;

  beforeEach(async () => {
    restore = () => {};
    world = await setupAws();
  });

  afterEach(async () => {
    restore();
    await world.close();
  });

  it("sign with the given key, never with one that lies around on this machine", async () => {
    restore = setEnvironment({
      AWS_ACCESS_KEY_ID: "AKIAAMBIENT",
      AWS_SECRET_ACCESS_KEY: "ambient",
      AWS_SESSION_TOKEN: "ambient",
    });
    await world.provider.discover(soon());
    const principals = world.aws.faults.calls.map((call) => call.principal);
    expect(new Set(principals)).to.deep.equal(new Set([world.credential.accessKey]));
  });

  it("follow AWS_ENDPOINT_URL when no endpoint is given", async () => {
    restore = setEnvironment({ AWS_ENDPOINT_URL: world.aws.url });
    const provider = openAws(world.credential, {});
    const { identity } = await provider.checkHealth(soon());
    provider.close();
    expect(identity.accountId).to.equal(accountId);
  });

  it("are made once for a service and region", async () => {
    const clients = openClients(world.credential, { aws: world.aws.url });
    const first = await clients.ec2("eu-west-1");
    expect(await clients.ec2("eu-west-1")).to.equal(first);
    expect(await clients.ec2("us-east-1")).to.not.equal(first);
    clients.close();
  });
});
