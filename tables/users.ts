import type { DataSource } from "typeorm";
import { User } from "../entities/user.ts";

/** The user of that id, or null. */
export async function findUser(database: DataSource, id: number): Promise<User | null> {
  return database.getRepository(User).findOneBy({ id });
}
