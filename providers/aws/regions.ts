/** A partition of AWS: accounts, regions and ARNs of one do not exist in another. */
interface Partition {
  /** Where identity and discovery calls go if the credential names no region. */
  home: string;
  /** Where Cost Explorer answers; null where it does not exist. */
  costExplorer: string | null;
  /** Regions that every account of the partition has, from AWS's list of regions (those that need no opt-in). */
  regions: readonly string[];
}

const commercial: Partition = {
  home: "us-east-1",
  costExplorer: "us-east-1",
  regions: [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
  ],
};

const partitions: Record<string, Partition> = {
  aws: commercial,
  "aws-cn": {
    home: "cn-north-1",
    costExplorer: "cn-northwest-1",
    regions: ["cn-north-1", "cn-northwest-1"],
  },
  "aws-us-gov": {
    home: "us-gov-west-1",
    costExplorer: null,
    regions: ["us-gov-west-1", "us-gov-east-1"],
  },
};

/** Facts about a partition named by an ARN; those of the commercial one for a name that we do not know. */
export function partitionOf(name: string): Partition {
  return partitions[name] ?? commercial;
}

/** Where calls go before anything is known about the account. */
export const defaultRegion = commercial.home;
