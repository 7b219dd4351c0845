import {
  DescribeInstancesResult$,
  DescribeRegionsResult$,
  DescribeSubnetsResult$,
  DescribeVolumesResult$,
  DescribeVpcsResult$,
} from "@aws-sdk/client-ec2";
import { type RegionResources, regionOf, type SimulatedAccount } from "./account.ts";
import { AwsFailure } from "./failure.ts";
import { cutPage } from "./paging.ts";
import {
  type AwsCall,
  type AwsContext,
  type AwsService,
  numberOf,
  pageSizeOf,
  readForm,
  textOf,
} from "./service.ts";
import { toWire, toXml } from "./xml.ts";

/** A Describe call: where its items are and how its answer carries them. */
interface Listing {
  /** The SDK's schema of the answer. */
  result: unknown;
  items: (resources: RegionResources) => readonly object[];
  wrap: (items: object[], account: SimulatedAccount) => object;
}

const listings: Record<string, Listing> = {
  DescribeInstances: {
    result: DescribeInstancesResult$,
    items: (resources) => resources.instances,
    wrap: (Instances, { accountId: OwnerId }) => ({
      Reservations: Instances.map((instance) => ({ OwnerId, Instances: [instance] })),
    }),
  },
  DescribeVolumes: {
    result: DescribeVolumesResult$,
    items: (resources) => resources.volumes,
    wrap: (Volumes) => ({ Volumes }),
  },
  DescribeVpcs: {
    result: DescribeVpcsResult$,
    items: (resources) => resources.vpcs,
    wrap: (Vpcs) => ({ Vpcs }),
  },
  DescribeSubnets: {
    result: DescribeSubnetsResult$,
    items: (resources) => resources.subnets,
    wrap: (Subnets) => ({ Subnets }),
  },
};

/** EC2: the query protocol with XML answers, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/. */
export const ec2: AwsService = {
  contentType: "text/xml;charset=UTF-8",
  read(_request, body) {
    const parameters = readForm(body);
    return {
      action: textOf(parameters, "Action") ?? "",
      token: textOf(parameters, "NextToken"),
      pageSize: numberOf(parameters, "MaxResults"),
      parameters,
    };
  },
  answer(call, context) {
    if (!context.account.regions.has(context.region)) {
      throw new AwsFailure(401, "AuthFailure", "The region is not enabled for this account");
    }
    if (call.action === "DescribeRegions") return describeRegions(context);
    const listing = listings[call.action];
    if (!listing) throw new AwsFailure(...ec2.errors.unknownAction, "No such action");
    return describe(listing, call, context);
  },
  failure({ code, message }) {
    const Errors = { Error: { Code: code, Message: message } };
    return toXml({ Response: { Errors, RequestID: "00000000-simulated" } });
  },
  errors: {
    unknownKey: [401, "AuthFailure"],
    wrongSecret: [401, "AuthFailure"],
    denied: [403, "UnauthorizedOperation"],
    throttled: [503, "RequestLimitExceeded"],
    unknownAction: [400, "InvalidAction"],
  },
};

function describe(listing: Listing, call: AwsCall, context: AwsContext): string {
  if (call.pageSize !== undefined && (call.pageSize < 5 || call.pageSize > 1_000)) {
    throw new AwsFailure(400, "InvalidParameterValue", "MaxResults must be between 5 and 1000");
  }
  const all = listing.items(regionOf(context.account, context.region));
  const size = pageSizeOf(call, context, 1_000);
  const { items, next } = cutPage(all, size, call.token, context.effect);
  const answer = { ...listing.wrap(items, context.account), NextToken: next };
  return response(call.action, toWire(listing.result, answer));
}

function describeRegions({ account }: AwsContext): string {
  const Regions = [...account.regions.keys()].map((RegionName) => ({
    RegionName,
    Endpoint: `ec2.${RegionName}.amazonaws.com`,
    OptInStatus: "opt-in-not-required",
  }));
  return response("DescribeRegions", toWire(DescribeRegionsResult$, { Regions }));
}

function response(action: string, content: unknown): string {
  return toXml({
    [`${action}Response`]: {
      "@_xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
      requestId: "00000000-simulated",
      ...(typeof content === "object" ? content : {}),
    },
  });
}
