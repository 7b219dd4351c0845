import type { Command } from "commander";
import { Option } from "commander";
import type { DataSource } from "typeorm";
import { Resource } from "../entities/resource.ts";
import { providerNames, resourceTypes } from "../providers/provider.ts";
import { readConfig } from "../runtime/config.ts";
import { findCredential } from "../tables/credentials.ts";
import { findUser } from "../tables/users.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, group, id, jsonObject, shortText } from "./options.ts";
import { print, UsageError } from "./output.ts";

/** `multicloud resources`: infrastructure that Terraform creates for a user. */
export function resourcesCommand(): Command {
  const resources = group("resources", "Resources that Terraform manages");
  resources.addCommand(
    command("add", "Add a wanted resource, still to be applied; prints its id")
      .requiredOption("--user <id>", "the user it belongs to", id)
      .addOption(
        new Option("--provider <name>", "the cloud").choices(providerNames).makeOptionMandatory(),
      )
      .addOption(
        new Option("--type <type>", "the kind").choices(resourceTypes).makeOptionMandatory(),
      )
      .requiredOption("--name <name>", "its name in the cloud", shortText)
      .option("--spec <json>", "variables of the module", jsonObject, {})
      .option("--credential <id>", "the credential to work with, if the user has several", id)
      .action(addResource),
  );
  return resources;
}

/** A resource that somebody wants to have. */
export interface WantedResource {
  /** `users.id`. */
  user: number;
  provider: string;
  type: string;
  /** Its name in the cloud. */
  name: string;
  /** Variables of its module. */
  spec: Record<string, unknown>;
  /** `credentials.id`, if the user has several of the provider. */
  credential?: number;
}

async function addResource({ output, ...wanted }: CommonOptions & WantedResource): Promise<void> {
  const config = readConfig(process.env, ["DATABASE_URL"]);
  const added = await withDatabase(config.DATABASE_URL, async (database) =>
    saveResource(database, wanted),
  );
  print(output, { id: added }, `Added resource ${added}.`);
}

/** Adds a resource, still to be applied, and returns its id. Throws UsageError when its user or credential does not exist. */
export async function saveResource(
  database: DataSource,
  { user, credential, provider, type, name, spec }: WantedResource,
): Promise<number> {
  if (!(await findUser(database, user))) throw new UsageError(`--user: there is no user ${user}`);
  if (credential !== undefined) {
    const own = await findCredential(database, user, credential);
    if (!own) throw new UsageError(`--credential: user ${user} has no credential ${credential}`);
    if (own.provider !== provider) {
      throw new UsageError(`--credential: ${credential} is for ${own.provider}, not ${provider}`);
    }
  }
  const row = { provider, type, name, spec, userId: user, credentialId: credential ?? null };
  return (await database.getRepository(Resource).save(row)).id;
}
