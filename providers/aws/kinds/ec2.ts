import type { EC2, Instance, Subnet, Volume, Vpc } from "@aws-sdk/client-ec2";
import { type AwsKind, defineKind, flatTags, type KindEntry, type Place } from "../kind.ts";
import { instanceStatus, networkStatus, volumeStatus } from "../status.ts";

/** The largest page that EC2 gives. */
const MaxResults = 1_000;

const arnOf = (resource: string, place: Place) => (id: string) =>
  `arn:${place.partition}:ec2:${place.region}:${place.accountId}:${resource}/${id}`;

/** What the entries of EC2 have in common. */
function ec2Kind<Answer extends { NextToken?: string | undefined }, Item>(
  entry: Omit<KindEntry<EC2, Answer, Item>, "client" | "next">,
): AwsKind {
  return defineKind({
    ...entry,
    client: (clients, region) => clients.ec2(region),
    next: (answer) => answer.NextToken,
  });
}

export const instances = ec2Kind({
  kind: "ec2:instance",
  type: "vm",
  operation: "ec2:DescribeInstances",
  call: (ec2, NextToken, options) => ec2.describeInstances({ MaxResults, NextToken }, options),
  items: (answer) => answer.Reservations?.flatMap((reservation) => reservation.Instances ?? []),
  facts: (item: Instance, place) => ({
    nativeId: item.InstanceId,
    arn: arnOf("instance", place),
    status: instanceStatus(item.State?.Name),
    nativeStatus: item.State?.Name,
    tags: flatTags(item.Tags),
    details: {
      instance_type: item.InstanceType,
      lifecycle: item.InstanceLifecycle,
      image_id: item.ImageId,
      architecture: item.Architecture,
      platform: item.PlatformDetails ?? item.Platform,
      availability_zone: item.Placement?.AvailabilityZone,
      tenancy: item.Placement?.Tenancy,
      vpc_id: item.VpcId,
      subnet_id: item.SubnetId,
      security_group_ids: item.SecurityGroups?.flatMap((group) => group.GroupId ?? []),
      private_ip: item.PrivateIpAddress,
      public_ip: item.PublicIpAddress,
      volume_ids: item.BlockDeviceMappings?.flatMap((device) => device.Ebs?.VolumeId ?? []),
      iam_instance_profile: item.IamInstanceProfile?.Arn,
      launched_at: item.LaunchTime?.toISOString(),
    },
  }),
});

export const volumes = ec2Kind({
  kind: "ec2:volume",
  type: "storage",
  operation: "ec2:DescribeVolumes",
  call: (ec2, NextToken, options) => ec2.describeVolumes({ MaxResults, NextToken }, options),
  items: (answer) => answer.Volumes,
  facts: (item: Volume, place) => ({
    nativeId: item.VolumeId,
    arn: arnOf("volume", place),
    status: volumeStatus(item.State),
    nativeStatus: item.State,
    tags: flatTags(item.Tags),
    details: {
      volume_type: item.VolumeType,
      size_gib: item.Size,
      iops: item.Iops,
      throughput_mibps: item.Throughput,
      encrypted: item.Encrypted,
      availability_zone: item.AvailabilityZone,
      snapshot_id: item.SnapshotId,
      attached_to: item.Attachments?.flatMap((attachment) => attachment.InstanceId ?? []),
      created_at: item.CreateTime?.toISOString(),
    },
  }),
});

export const vpcs = ec2Kind({
  kind: "ec2:vpc",
  type: "network",
  operation: "ec2:DescribeVpcs",
  call: (ec2, NextToken, options) => ec2.describeVpcs({ MaxResults, NextToken }, options),
  items: (answer) => answer.Vpcs,
  facts: (item: Vpc, place) => ({
    nativeId: item.VpcId,
    arn: arnOf("vpc", place),
    status: networkStatus(item.State),
    nativeStatus: item.State,
    tags: flatTags(item.Tags),
    details: {
      cidr_block: item.CidrBlock,
      cidr_blocks: item.CidrBlockAssociationSet?.flatMap((block) => block.CidrBlock ?? []),
      is_default: item.IsDefault,
      owner_id: item.OwnerId,
    },
  }),
});

export const subnets = ec2Kind({
  kind: "ec2:subnet",
  type: "network",
  operation: "ec2:DescribeSubnets",
  call: (ec2, NextToken, options) => ec2.describeSubnets({ MaxResults, NextToken }, options),
  items: (answer) => answer.Subnets,
  facts: (item: Subnet, place) => ({
    nativeId: item.SubnetId,
    arn: arnOf("subnet", place),
    status: networkStatus(item.State),
    nativeStatus: item.State,
    tags: flatTags(item.Tags),
    details: {
      vpc_id: item.VpcId,
      cidr_block: item.CidrBlock,
      availability_zone: item.AvailabilityZone,
      is_public: item.MapPublicIpOnLaunch,
      is_default: item.DefaultForAz,
      owner_id: item.OwnerId,
    },
  }),
});
