/** Opens many things, some at a time: a thousand handshakes at once would wait for each other until they give up. */
const AT_ONCE = 50;

export async function someAtATime<Given, Made>(
  given: readonly Given[],
  make: (one: Given, at: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  for (let from = 0; from < given.length; from += AT_ONCE) {
    const some = given.slice(from, from + AT_ONCE);
    made.push(...(await Promise.all(some.map((one, at) => make(one, from + at)))));
  }
  return made;
}
