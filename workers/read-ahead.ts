/**
 * Passes on what the source yields and asks for the next one while the caller still works on this one. An error of the
 * source comes in its turn, after everything before it was passed on. A caller that stops early waits for the step
 * that is under way, so it aborts the source first.
 */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    let step = await next;
    while (!step.done) {
      next = iterator.next();
      // It is awaited below; until then nobody listens, which Node would take for a forgotten error.
      next.catch(() => {});
      yield step.value;
      step = await next;
    }
  } finally {
    await iterator.return?.();
  }
}
