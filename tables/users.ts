import type { DataSource } from "typeorm";
import { User } from "../entities/user.ts";

export async function findUser(database: DataSource, id: number): Promise<User | null> {
  return database.getRepository(User).findOneBy({ id });
}
