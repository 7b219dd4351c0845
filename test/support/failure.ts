import { ProviderError } from "../../providers/errors.ts";

type ErrorClass<E extends Error> = abstract new (...parameters: never[]) => E;

/** The error that the work fails with. Throws when it succeeds, and throws on an error that is of another class. */
export async function failureOf(work: Promise<unknown>): Promise<Error>;
export async function failureOf<E extends Error>(
  work: Promise<unknown>,
  type: ErrorClass<E>,
): Promise<E>;
export async function failureOf(
  work: Promise<unknown>,
  type: ErrorClass<Error> = Error,
): Promise<Error> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`expected ${type.name}, but it succeeded with ${JSON.stringify(result)}`);
}

/** The ProviderError that the work fails with; anything else is thrown on. */
export async function providerErrorOf(work: Promise<unknown>): Promise<ProviderError> {
  return failureOf(work, ProviderError);
}
