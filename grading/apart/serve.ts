/** What a limited process says to a question. */
export type Reply<Answer> =
  | { readonly answer: Answer }
  | { readonly error: { readonly name: string; readonly message: string } };

/** In the process that `limitedProcess` made: answers questions until nobody asks any more. */
export function serve<Question, Answer>(
  work: (question: Question) => Answer | Promise<Answer>,
): void {
  process.on('message', ({ question }: { readonly question: Question }) => {
    void (async (): Promise<Reply<Answer>> => {
      try {
        return { answer: await work(question) };
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        return { error: { name, message } };
      }
    })().then(reply => process.send?.(reply));
  });
  process.once('disconnect', () => process.exit());
}
