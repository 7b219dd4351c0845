import { ProviderError } from "../../providers/errors.ts";

/** What the work fails with. Throws when it succeeds. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("Expected a failure, but it succeeded");
}

/** The ProviderError that the work fails with; anything else is thrown on. */
export async function providerErrorOf(work: Promise<unknown>): Promise<ProviderError> {
  const error = await failureOf(work);
  if (error instanceof ProviderError) return error;
  throw error;
}
