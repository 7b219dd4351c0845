import type { DataSource } from "typeorm";
import { addSealedCredential } from "../../cli/add-credential.ts";
import { checkFields } from "../../cli/credential-file.ts";
import { saveResource } from "../../cli/resources.ts";
import { saveUser } from "../../cli/users.ts";
import type { ProviderName } from "../../providers/provider.ts";
import type { Secrets } from "../../runtime/secrets/secret.ts";
import {
  type CloudAccount,
  openAwsAccount,
  openAzureAccount,
  openGcpAccount,
} from "../accounts.ts";
import type { World } from "../world.ts";

/** `users.id` of the two users of the demo. */
export interface Users {
  first: number;
  second: number;
}

/** A resource that somebody wants. */
export interface Wanted {
  userId: number;
  resourceId: number;
}

/** Where credentials go. */
export interface Registry {
  database: DataSource;
  keys: Secrets;
}

/** Adds two users and a credential of each cloud, with about 5,000 resources in all. */
export async function addPeople(registry: Registry, world: World): Promise<Users> {
  const { database } = registry;
  const first = await saveUser(database, "first@example.com", "First User");
  const second = await saveUser(database, "second@example.com", "Second User");
  const cost = { source: "focus-file", path: world.costFile.name } as const;
  const aws = openAwsAccount(world.aws, { seed: 1, resources: 2_500 });
  const azure = openAzureAccount(world.azure, { seed: 2, resources: 1_300 }, { cost });
  const gcp = await openGcpAccount(world.gcp, { seed: 3, resources: 1_200 });
  await addAccount(registry, first, aws);
  await addAccount(registry, first, azure);
  await addAccount(registry, second, gcp);
  return { first, second };
}

/** Adds one wanted resource per cloud. The scheduler soon asks for what nobody does, so only with terraform. */
export async function addResources(
  { database }: Registry,
  { first, second }: Users,
): Promise<Wanted[]> {
  const wanted: [user: number, provider: ProviderName, type: string, region: string][] = [
    [first, "aws", "vm", "eu-central-1"],
    [first, "azure", "network", "westeurope"],
    [second, "gcp", "storage", "europe-west1"],
  ];
  const resources: Wanted[] = [];
  for (const [user, provider, type, region] of wanted) {
    const row = { user, provider, type, name: `demo-${type}`, spec: { region } };
    resources.push({ userId: user, resourceId: await saveResource(database, row) });
  }
  return resources;
}

/** The name of the credential that does not work. */
export const revokedName = "revoked AWS key";

/** Adds a credential whose key its owner has revoked in the cloud. Returns its id. */
export async function addRevoked(registry: Registry, world: World, user: number): Promise<number> {
  const account = openAwsAccount(world.aws, { seed: 4, resources: 0 });
  const found = world.aws.accounts.find(account.fields["access_key"] ?? "");
  if (!found) throw new RangeError("the account was not opened");
  found.key.revoked = true;
  return addAccount(registry, user, { ...account, name: revokedName });
}

/** Adds the credential of an account as the command line does. Returns its id. */
export async function addAccount(
  { database, keys }: Registry,
  user: number,
  { provider, name, settings, fields }: CloudAccount,
): Promise<number> {
  const content = checkFields(fields, provider);
  return addSealedCredential(database, keys, { user, provider, name, settings, content });
}
