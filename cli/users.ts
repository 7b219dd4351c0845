import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import type { Command } from "commander";
import { type DataSource, Raw } from "typeorm";
import { User } from "../entities/user.ts";
import { readConfig } from "../runtime/config.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, group, nameProblem, shortText } from "./options.ts";
import { print, UsageError } from "./output.ts";

/** `multicloud users`: people whose clouds are looked after. */
export function usersCommand(): Command {
  const users = group("users", "Users of the platform");
  users.addCommand(
    command("add", "Add a user; prints its id")
      .requiredOption("--email <address>", "the login of the user")
      .option("--name <full name>", "the full name", shortText)
      .action(addUser),
  );
  return users;
}

interface AddOptions extends CommonOptions {
  email: string;
  name?: string;
}

async function addUser({ email, name, output }: AddOptions): Promise<void> {
  const config = readConfig(process.env, ["DATABASE_URL"]);
  const id = await withDatabase(config.DATABASE_URL, async (database) =>
    saveUser(database, email, name ?? null),
  );
  print(output, { id }, `Added user ${id}.`);
}

/** Adds a user and returns its id. Throws UsageError when the address is none, or taken. */
export async function saveUser(
  database: DataSource,
  email: string,
  fullName: string | null,
): Promise<number> {
  const isAddress = /^[^\s@]+@[^\s@]+$/.test(email) && nameProblem(email, 255) === null;
  if (!isAddress) throw new UsageError(`--email: ${email} is not an address`);
  const repository = database.getRepository(User);
  // Nobody knows two people by addresses that differ in capitals only.
  const found = await repository.findOneBy({
    email: Raw((at) => `lower(${at}) = lower(:email)`, { email }),
  });
  if (found) throw new UsageError(`--email: ${found.email} exists`);
  // Passwords are set by the platform; until then nobody knows the one whose hash stands here.
  const hashedPassword = await hash(randomBytes(32).toString("base64"), 10);
  const insert = repository.createQueryBuilder().insert().orIgnore();
  const { identifiers } = await insert.values({ email, hashedPassword, fullName }).execute();
  const id: unknown = identifiers[0]?.["id"];
  // Somebody else adds the same address at this moment.
  if (typeof id !== "number") throw new UsageError(`--email: ${email} exists`);
  return id;
}
