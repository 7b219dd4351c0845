/**
 * The error a promise rejects with, checked to be of the given class. Throws when it fulfils or rejects with
 * something else.
 */
export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  // oxlint-disable-next-line typescript/no-explicit-any -- constructors of any parameters are accepted
  type: abstract new (...args: any[]) => E,
): Promise<E> {
  let fulfilled: unknown;
  try {
    fulfilled = await promise;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`expected ${type.name}, but it fulfilled with ${JSON.stringify(fulfilled)}`);
}
