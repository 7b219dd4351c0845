import type { ProviderSchema, ResourceSchema } from "../schema.ts";
import { text } from "../value.ts";

/** The account number of AWS's own documentation examples. */
const account = "123456789012";
const id = "string optional computed";
const arn = "string computed";
const tags = "map optional";

const instance: ResourceSchema = {
  attributes: {
    id,
    arn,
    ami: "string optional computed replace",
    instance_type: "string optional computed",
    availability_zone: "string optional computed replace",
    subnet_id: "string optional computed replace",
    vpc_security_group_ids: "set optional computed",
    key_name: "string optional computed replace",
    associate_public_ip_address: "bool optional computed replace",
    user_data: "string optional",
    instance_state: "string computed",
    private_ip: "string optional computed replace",
    public_ip: "string computed",
    tags,
  },
  blocks: {
    root_block_device: {
      nesting: "list",
      max: 1,
      attributes: {
        volume_id: "string computed",
        volume_size: "number optional computed",
        volume_type: "string optional computed",
        encrypted: "bool optional computed",
        delete_on_termination: "bool optional",
      },
    },
    metadata_options: {
      nesting: "list",
      max: 1,
      attributes: {
        http_endpoint: "string optional",
        http_tokens: "string optional computed",
        http_put_response_hop_limit: "number optional computed",
      },
    },
  },
  assign: (_wanted, { unique, region }) => ({
    id: `i-${unique}`,
    arn: `arn:aws:ec2:${region}:${account}:instance/i-${unique}`,
    availability_zone: `${region}a`,
    instance_state: "running",
  }),
};

const bucket: ResourceSchema = {
  attributes: {
    id,
    arn,
    bucket: "string optional computed replace",
    bucket_domain_name: "string computed",
    bucket_regional_domain_name: "string computed",
    force_destroy: "bool optional",
    hosted_zone_id: "string computed",
    tags,
  },
  assign: ({ bucket: name }, { region }) => ({
    id: text(name),
    arn: `arn:aws:s3:::${text(name)}`,
    bucket_domain_name: `${text(name)}.s3.amazonaws.com`,
    bucket_regional_domain_name: `${text(name)}.s3.${region}.amazonaws.com`,
  }),
};

/** Settings of a bucket have the bucket's name for an id. */
function bucketSetting(rest: Omit<ResourceSchema, "assign">): ResourceSchema {
  return {
    blocks: rest.blocks ?? {},
    attributes: { id, bucket: "string required replace", ...rest.attributes },
    isSetting: true,
    assign: ({ bucket: name }) => ({ id: text(name) }),
  };
}

/** Networking resources differ in their attributes and in the prefix of their id only. */
function networking(
  prefix: string,
  kind: string,
  rest: Omit<ResourceSchema, "assign">,
): ResourceSchema {
  return {
    blocks: rest.blocks ?? {},
    attributes: { id, arn, ...rest.attributes },
    assign: (_wanted, { unique, region }) => ({
      id: `${prefix}-${unique}`,
      arn: `arn:aws:ec2:${region}:${account}:${kind}/${prefix}-${unique}`,
    }),
  };
}

const associationSchema: ResourceSchema = {
  attributes: {
    id,
    subnet_id: "string optional replace",
    gateway_id: "string optional replace",
    route_table_id: "string required",
  },
  assign: (_wanted, { unique }) => ({ id: `rtbassoc-${unique}` }),
};

const image: ResourceSchema = {
  attributes: {
    id,
    most_recent: "bool optional",
    owners: "list optional",
    name: "string computed",
    image_id: "string computed",
  },
  blocks: {
    filter: { nesting: "set", attributes: { name: "string required", values: "set required" } },
  },
  assign: () => ({ id: "ami-0abcdef1234567890", image_id: "ami-0abcdef1234567890" }),
};

/** Names, types and modes as in version 6 of the provider; only the types that our modules use. */
export const awsSchema: ProviderSchema = {
  source: "hashicorp/aws",
  configuration: {
    attributes: {
      region: "string optional",
      access_key: "string optional",
      secret_key: "string optional sensitive",
      token: "string optional sensitive",
      profile: "string optional",
    },
  },
  resources: {
    aws_instance: instance,
    aws_s3_bucket: bucket,
    aws_s3_bucket_versioning: bucketSetting({
      attributes: { mfa: "string optional" },
      blocks: {
        versioning_configuration: {
          nesting: "list",
          min: 1,
          max: 1,
          attributes: { status: "string required", mfa_delete: "string optional computed" },
        },
      },
    }),
    aws_s3_bucket_server_side_encryption_configuration: bucketSetting({
      attributes: {},
      blocks: {
        rule: {
          nesting: "set",
          min: 1,
          attributes: { bucket_key_enabled: "bool optional" },
          blocks: {
            apply_server_side_encryption_by_default: {
              nesting: "list",
              max: 1,
              attributes: {
                sse_algorithm: "string required",
                kms_master_key_id: "string optional",
              },
            },
          },
        },
      },
    }),
    aws_s3_bucket_public_access_block: bucketSetting({
      attributes: {
        block_public_acls: "bool optional",
        block_public_policy: "bool optional",
        ignore_public_acls: "bool optional",
        restrict_public_buckets: "bool optional",
      },
    }),
    aws_vpc: networking("vpc", "vpc", {
      attributes: {
        cidr_block: "string optional computed replace",
        enable_dns_hostnames: "bool optional computed",
        enable_dns_support: "bool optional",
        main_route_table_id: "string computed",
        tags,
      },
    }),
    aws_subnet: networking("subnet", "subnet", {
      attributes: {
        vpc_id: "string required replace",
        cidr_block: "string optional replace",
        availability_zone: "string optional computed replace",
        map_public_ip_on_launch: "bool optional",
        tags,
      },
    }),
    aws_internet_gateway: networking("igw", "internet-gateway", {
      attributes: { vpc_id: "string optional computed", tags },
    }),
    aws_route_table: networking("rtb", "route-table", {
      attributes: { vpc_id: "string required replace", tags },
      blocks: {
        route: {
          nesting: "set",
          attributes: { cidr_block: "string optional", gateway_id: "string optional" },
        },
      },
    }),
    aws_route_table_association: associationSchema,
  },
  dataSources: { aws_ami: image },
};
