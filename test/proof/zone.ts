/** A DNS that answers each question as a harness has told it to, and notes what it answered. */
import type { Lookup } from '../../server/adapters/mail-hosts.ts';

/** All addresses that one answer has. */
export type Answer = readonly string[];

export type Zone = {
  lookup: Lookup;
  /** From now on the name leads there, question by question; the last answer is given again and again. */
  lead(name: string, answers: readonly Answer[]): void;
  /** The answers that it has given since it was asked last. */
  given(): Answer[];
};

export function openZone(): Zone {
  const names = new Map<string, Answer[]>();
  let given: Answer[] = [];
  return {
    async lookup(name) {
      const answers = names.get(name) ?? [];
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
      given.push(answer);
      return answer;
    },
    lead: (name, answers) => void names.set(name, [...answers]),
    given() {
      const taken = given;
      given = [];
      return taken;
    },
  };
}
