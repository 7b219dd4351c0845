import type { Instance, Subnet, Tag, Volume, Vpc } from "@aws-sdk/client-ec2";
import type { Bucket } from "@aws-sdk/client-s3";
import { SeededRandom } from "../random.ts";
import { type CostEntry, regionOf, type SimulatedAccount } from "./account.ts";

/** Names that real accounts have and that break careless code; null: no Name tag. */
const oddNames = [null, "", "  padded  ", "Größe-数据-🚀", "x".repeat(255), "a<b>&'\"c"];
const roles = ["web", "api", "db", "worker", "cache"];
const stages = ["prod", "staging", "dev"];
const epoch = Date.UTC(2024, 0, 1);

/**
 * Adds `count` resources to an account, spread over its regions: of 100 about 45 instances, 35 volumes, 8 subnets,
 * 7 buckets and 5 VPCs. The same seed and account give the same resources.
 */
export function fillAccount(
  account: SimulatedAccount,
  { seed, count }: { seed: number; count: number },
): void {
  const random = new SeededRandom(seed);
  const regions = [...account.regions.keys()];
  for (let index = 0; index < count; index += 1) {
    const region = random.pick(regions);
    const { instances, volumes, vpcs, subnets } = regionOf(account, region);
    const share = index % 100;
    if (share < 5) vpcs.push(newVpc(random, account.accountId));
    else if (share < 13) subnets.push(newSubnet(random, region, account.accountId));
    else if (share < 20) account.buckets.push(newBucket(random, region));
    else if (share < 65) instances.push(newInstance(random, region));
    else volumes.push(newVolume(random, region));
  }
}

/** Adds daily costs from `start` (`YYYY-MM-DD`) on, in USD with ten decimals, credits among them. */
export function fillCosts(
  account: SimulatedAccount,
  { seed, start, days }: { seed: number; start: string; days: number },
): void {
  const random = new SeededRandom(seed);
  const services = [
    "Amazon Elastic Compute Cloud - Compute",
    "Amazon Simple Storage Service",
    "Tax",
  ];
  for (let day = 0; day < days; day += 1) {
    const date = new Date(Date.parse(start) + day * 86_400_000).toISOString().slice(0, 10);
    for (const service of services) {
      account.costs.push(newCost(random, date, service, service === "Tax" ? "Tax" : "Usage"));
    }
    if (day % 7 === 0) account.costs.push(newCost(random, date, "AWS Lambda", "Credit"));
  }
}

function newCost(
  random: SeededRandom,
  date: string,
  service: string,
  recordType: string,
): CostEntry {
  const sign = recordType === "Credit" ? "-" : "";
  const decimals = String(random.below(1e10)).padStart(10, "0");
  const amount = `${sign}${random.below(500)}.${decimals}`;
  return { date, service, recordType, amount, currency: "USD", estimated: false };
}

function newInstance(random: SeededRandom, region: string): Instance {
  const states = ["running", "running", "running", "stopped", "terminated"] as const;
  const isSpot = random.below(5) === 0;
  const address = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
  return {
    InstanceId: `i-${random.hex(17)}`,
    InstanceType: random.pick(["t3.micro", "m5.large", "c6g.xlarge"]),
    ...(isSpot ? { InstanceLifecycle: "spot" } : {}),
    ImageId: `ami-${random.hex(17)}`,
    Architecture: "x86_64",
    PlatformDetails: "Linux/UNIX",
    State: { Name: random.pick(states) },
    Placement: { AvailabilityZone: zone(random, region), Tenancy: "default" },
    VpcId: `vpc-${random.hex(17)}`,
    SubnetId: `subnet-${random.hex(17)}`,
    PrivateIpAddress: address,
    SecurityGroups: [{ GroupId: `sg-${random.hex(17)}`, GroupName: "default" }],
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeId: `vol-${random.hex(17)}` } }],
    LaunchTime: time(random),
    Tags: tags(random),
  };
}

function newVolume(random: SeededRandom, region: string): Volume {
  const isAttached = random.below(3) > 0;
  const InstanceId = `i-${random.hex(17)}`;
  return {
    VolumeId: `vol-${random.hex(17)}`,
    VolumeType: "gp3",
    Size: 8 + random.below(500),
    Iops: 3_000,
    Throughput: 125,
    Encrypted: random.below(2) === 0,
    State: isAttached ? "in-use" : "available",
    AvailabilityZone: zone(random, region),
    CreateTime: time(random),
    Attachments: isAttached ? [{ InstanceId, State: "attached", Device: "/dev/xvda" }] : [],
    Tags: tags(random),
  };
}

function newVpc(random: SeededRandom, OwnerId: string): Vpc {
  const CidrBlock = `10.${random.below(256)}.0.0/16`;
  return {
    VpcId: `vpc-${random.hex(17)}`,
    CidrBlock,
    CidrBlockAssociationSet: [{ CidrBlock }],
    IsDefault: false,
    OwnerId,
    State: "available",
    Tags: tags(random),
  };
}

function newSubnet(random: SeededRandom, region: string, OwnerId: string): Subnet {
  return {
    SubnetId: `subnet-${random.hex(17)}`,
    VpcId: `vpc-${random.hex(17)}`,
    CidrBlock: `10.${random.below(256)}.${random.below(256)}.0/24`,
    AvailabilityZone: zone(random, region),
    AvailableIpAddressCount: random.below(252),
    MapPublicIpOnLaunch: random.below(2) === 0,
    DefaultForAz: false,
    OwnerId,
    State: "available",
    Tags: tags(random),
  };
}

function newBucket(random: SeededRandom, BucketRegion: string): Bucket {
  const Name = `${random.pick(roles)}-${random.pick(stages)}-${random.hex(12)}`;
  return { Name, BucketRegion, CreationDate: time(random) };
}

function zone(random: SeededRandom, region: string): string {
  return `${region}${random.pick(["a", "b", "c"])}`;
}

function time(random: SeededRandom): Date {
  return new Date(epoch + random.below(60_000_000) * 1_000);
}

/** One resource in ten has an odd name or none. */
function tags(random: SeededRandom): Tag[] {
  const role = random.pick(roles);
  const isOdd = random.below(10) === 0;
  const name = isOdd ? random.pick(oddNames) : `${role}-${random.hex(4)}`;
  const named = name === null ? [] : [{ Key: "Name", Value: name }];
  return [...named, { Key: "role", Value: role }, { Key: "stage", Value: random.pick(stages) }];
}
