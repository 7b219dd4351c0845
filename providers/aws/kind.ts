import type { DiscoveredResource, ResourceStatus, ResourceType } from "../provider.ts";
import type { Clients } from "./clients.ts";
import { brokenAnswer } from "./errors.ts";
import { type SendOptions, send } from "./send.ts";

/** Where a listing happens; what an ARN is made of besides the resource itself. */
export interface Place {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  partition: string;
  accountId: string;
  /** Where the call is sent, also for global kinds. */
  region: string;
}

/** One resource of an answer, in the words of its kind. */
export interface Facts {
  /** The id as AWS spells it. */
  nativeId: string | undefined;
  /** Builds the ARN; called with the proven native id. */
  arn: (id: string) => string;
  name?: string | undefined;
  /** Where the resource is, if not where it was listed. */
  region?: string | null;
  status: ResourceStatus;
  nativeStatus?: string | undefined;
  tags?: Record<string, string>;
  /** Further metadata, chosen one by one; `undefined` is dropped. Never user data, policies or keys. */
  details: Record<string, unknown>;
}

/** A kind of resource: which call lists it and what each item means. One entry each in `kinds/`. */
export interface KindEntry<Client, Answer, Item> {
  kind: string;
  type: ResourceType;
  /** One listing answers for every region. */
  isGlobal?: true;
  /** `<service>:<Operation>`, the permission it needs. */
  operation: string;
  client: (clients: Clients, region: string) => Promise<Client>;
  /** Must ask for a page size: unpaged calls have a smaller throttle budget. */
  call: (client: Client, token: string | undefined, options: SendOptions) => Promise<Answer>;
  items: (answer: Answer) => Item[] | undefined;
  next: (answer: Answer) => string | undefined;
  facts: (item: Item, place: Place) => Facts;
}

export interface ListedPage {
  resources: DiscoveredResource[];
  /** Empty or absent on the last page. */
  token: string | undefined;
}

/** A kind ready to be listed, its client and answer types hidden. */
export interface AwsKind {
  kind: string;
  isGlobal: boolean;
  operation: string;
  page: (
    clients: Clients,
    place: Place,
    token: string | undefined,
    signal: AbortSignal,
  ) => Promise<ListedPage>;
}

/** Turns an entry into a kind that can be listed. */
export function defineKind<Client, Answer, Item>(entry: KindEntry<Client, Answer, Item>): AwsKind {
  return {
    kind: entry.kind,
    isGlobal: entry.isGlobal ?? false,
    operation: entry.operation,
    async page(clients, place, token, signal) {
      const client = await entry.client(clients, place.region);
      const answer = await send(entry.operation, signal, (options) =>
        entry.call(client, token, options),
      );
      const items = entry.items(answer) ?? [];
      const resources = items.map((item) => toResource(entry, entry.facts(item, place), place));
      return { resources, token: entry.next(answer) };
    },
  };
}

/** Throws `PROVIDER_UNAVAILABLE` for an item without id: leaving it out would make it look deleted. */
function toResource(
  entry: Pick<KindEntry<never, never, never>, "kind" | "type" | "operation">,
  facts: Facts,
  place: Place,
): DiscoveredResource {
  if (!facts.nativeId) throw brokenAnswer(entry.operation, "AWS listed a resource without an id");
  const tags = facts.tags ?? {};
  const details = Object.entries(facts.details).filter(([, value]) => value !== undefined);
  return {
    resourceId: facts.arn(facts.nativeId),
    name: facts.name ?? tags["Name"] ?? null,
    type: entry.type,
    region: facts.region === undefined ? place.region : facts.region,
    status: facts.status,
    metadata: {
      kind: entry.kind,
      native_id: facts.nativeId,
      native_status: facts.nativeStatus ?? null,
      tags,
      ...Object.fromEntries(details),
    },
  };
}

/** AWS's list of tags as a flat map; a tag without value is an empty string. */
export function flatTags(
  tags: { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Record<string, string> {
  const pairs = (tags ?? []).map(({ Key, Value }): [string, string] => [Key ?? "", Value ?? ""]);
  return Object.fromEntries(pairs.filter(([key]) => key !== ""));
}
