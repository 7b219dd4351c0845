import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { RegionResources } from "../../../local/clouds/aws/account.ts";
import { fillAccount } from "../../../local/clouds/aws/generate.ts";
import { awsKinds } from "../../../providers/aws/kinds.ts";
import { ProviderError } from "../../../providers/errors.ts";
import type { DiscoveredResource } from "../../../providers/provider.ts";
import {
  type AwsWorld,
  accountId,
  allResources,
  scopeOf,
  setupAws,
  soon,
} from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

describe("kinds of AWS resources", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws();
  });

  afterEach(() => world.close());

  function list(kind: string): Promise<DiscoveredResource[]> {
    const region = kind === "s3:bucket" ? "global" : "eu-west-1";
    return allResources(world.provider.list(scopeOf(kind, region), { signal: soon() }));
  }

  it("maps an instance", async () => {
    world.ireland.instances.push({
      InstanceId: "i-1",
      InstanceType: "t3.micro",
      State: { Name: "running" },
      Placement: { AvailabilityZone: "eu-west-1a" },
      SecurityGroups: [{ GroupId: "sg-1" }, { GroupId: "sg-2" }],
      BlockDeviceMappings: [{ DeviceName: "/dev/sdb" }, { Ebs: { VolumeId: "vol-1" } }],
      LaunchTime: new Date("2024-05-06T07:08:09Z"),
      Tags: [
        { Key: "Name", Value: "web" },
        { Key: "empty", Value: "" },
      ],
    });
    expect(await list("ec2:instance")).to.deep.equal([
      {
        resourceId: `arn:aws:ec2:eu-west-1:${accountId}:instance/i-1`,
        name: "web",
        type: "vm",
        region: "eu-west-1",
        status: "running",
        metadata: {
          kind: "ec2:instance",
          native_id: "i-1",
          native_status: "running",
          tags: { Name: "web", empty: "" },
          instance_type: "t3.micro",
          availability_zone: "eu-west-1a",
          security_group_ids: ["sg-1", "sg-2"],
          volume_ids: ["vol-1"],
          launched_at: "2024-05-06T07:08:09.000Z",
        },
      },
    ]);
  });

  it("maps a volume", async () => {
    world.ireland.volumes.push({
      VolumeId: "vol-1",
      VolumeType: "gp3",
      Size: 8,
      Encrypted: false,
      State: "in-use",
      Attachments: [{ InstanceId: "i-1" }],
    });
    const [volume] = await list("ec2:volume");
    expect(volume).to.deep.include({
      resourceId: `arn:aws:ec2:eu-west-1:${accountId}:volume/vol-1`,
      name: null,
      type: "storage",
      status: "in_use",
    });
    expect(volume?.metadata).to.deep.include({
      native_status: "in-use",
      size_gib: 8,
      encrypted: false,
      attached_to: ["i-1"],
      tags: {},
    });
  });

  it("maps VPCs and subnets", async () => {
    world.ireland.vpcs.push({ VpcId: "vpc-1", CidrBlock: "10.0.0.0/16", State: "available" });
    world.ireland.subnets.push({ SubnetId: "subnet-1", VpcId: "vpc-1", State: "pending" });
    const [vpc] = await list("ec2:vpc");
    const [subnet] = await list("ec2:subnet");
    expect(vpc).to.include({
      resourceId: `arn:aws:ec2:eu-west-1:${accountId}:vpc/vpc-1`,
      type: "network",
      status: "available",
    });
    expect(subnet).to.include({
      resourceId: `arn:aws:ec2:eu-west-1:${accountId}:subnet/subnet-1`,
      type: "network",
      status: "pending",
    });
    expect(subnet?.metadata).to.include({ vpc_id: "vpc-1" });
  });

  it("maps buckets of every region from one listing, in pages", async () => {
    world.account.buckets.push(
      ...Array.from({ length: 1_001 }, (_, index) => ({
        Name: `bucket-${index}`,
        BucketRegion: index === 0 ? "us-east-1" : "eu-west-1",
        CreationDate: new Date("2024-01-01T00:00:00Z"),
      })),
    );
    const buckets = await list("s3:bucket");
    expect(buckets).to.have.length(1_001);
    expect(buckets[0]).to.deep.equal({
      resourceId: "arn:aws:s3:::bucket-0",
      name: "bucket-0",
      type: "storage",
      region: "us-east-1",
      status: "active",
      metadata: {
        kind: "s3:bucket",
        native_id: "bucket-0",
        native_status: null,
        tags: {},
        created_at: "2024-01-01T00:00:00.000Z",
      },
    });
    expect(world.aws.faults.callsOf("s3:ListBuckets").map((call) => call.page)).to.deep.equal([
      1, 2,
    ]);
  });

  it("says which states are which", async () => {
    const states = ["pending", "running", "stopping", "stopped", "shutting-down", "terminated"];
    world.ireland.instances.push(
      ...states.map((Name, index) => ({
        InstanceId: `i-${index}`,
        State: { Name: asState(Name) },
      })),
      { InstanceId: "i-stateless" },
    );
    const statuses = (await list("ec2:instance")).map((resource) => resource.status);
    expect(statuses).to.deep.equal([
      "pending",
      "running",
      "stopping",
      "stopped",
      "deleting",
      "deleted",
      "unknown",
    ]);
  });

  it("keeps names as they are: padded, empty, long, in any script", async () => {
    const names = ["  padded  ", "", "x".repeat(256), "Größe-数据-🚀", "a<b>&'\"c", "42", "true"];
    world.ireland.vpcs.push(
      ...names.map((Value, index) => ({ VpcId: `vpc-${index}`, Tags: [{ Key: "Name", Value }] })),
    );
    expect((await list("ec2:vpc")).map((vpc) => vpc.name)).to.deep.equal(names);
  });

  it("takes only chosen fields into the metadata", async () => {
    world.ireland.instances.push({
      InstanceId: "i-1",
      KeyName: "not chosen",
      ClientToken: "not chosen",
      StateTransitionReason: "not chosen",
    });
    const [instance] = await list("ec2:instance");
    expect(JSON.stringify(instance)).to.not.contain("not chosen");
    expect(instance?.metadata).to.have.all.keys("kind", "native_id", "native_status", "tags");
  });

  it("refuses a resource without id instead of leaving it out", async () => {
    world.ireland.volumes.push({ VolumeId: "vol-1" }, { Size: 8 });
    const error = await failureOf(list("ec2:volume"), ProviderError);
    expect(error.message).to.contain("without an id");
  });

  it("loads bodies as real accounts have them", async () => {
    if (!loadRealBodies(world)) fillAccount(world.account, { seed: 3, count: 500 });
    for (const { kind } of awsKinds) {
      const resources = await list(kind);
      expect(resources, kind).to.not.have.length(0);
      for (const resource of resources) {
        expect(resource.resourceId).to.match(/^arn:aws:(ec2:eu-west-1:\d{12}:\w+\/|s3:::)./);
        expect(resource.metadata).to.include.keys("kind", "native_id", "native_status", "tags");
      }
    }
  });
});

/** A state as the SDK types it, though the test also lists words of its own. */
function asState(name: string) {
  const states = [
    "pending",
    "running",
    "shutting-down",
    "stopped",
    "stopping",
    "terminated",
  ] as const;
  return states.find((state) => state === name);
}

interface RealBodies {
  "ec2/describe-instances": { Reservations: { Instances: RegionResources["instances"] }[] }[];
  "ec2/describe-volumes": { Volumes: RegionResources["volumes"] }[];
  "ec2/describe-vpcs": { Vpcs: RegionResources["vpcs"] }[];
  "ec2/describe-subnets": { Subnets: RegionResources["subnets"] }[];
  "s3/list-buckets": { Buckets: AwsWorld["account"]["buckets"] }[];
}

/** Puts anonymised bodies of a real account into the simulation, where this machine has them. */
function loadRealBodies({ account, ireland }: AwsWorld): boolean {
  const file = new URL("../../../../shared/data/clouds/aws.json", import.meta.url);
  if (!existsSync(file)) return false;
  const bodies: RealBodies = JSON.parse(readFileSync(file, "utf8"));
  for (const { Reservations } of bodies["ec2/describe-instances"]) {
    ireland.instances.push(...Reservations.flatMap(({ Instances }) => Instances));
  }
  for (const { Volumes } of bodies["ec2/describe-volumes"]) ireland.volumes.push(...Volumes);
  for (const { Vpcs } of bodies["ec2/describe-vpcs"]) ireland.vpcs.push(...Vpcs);
  for (const { Subnets } of bodies["ec2/describe-subnets"]) ireland.subnets.push(...Subnets);
  for (const { Buckets } of bodies["s3/list-buckets"]) account.buckets.push(...Buckets);
  return true;
}
