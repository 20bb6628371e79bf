/** A clock that stands still until the test moves it. */
export type Clock = { now: () => Date; advance(seconds: number): void };

export function openClock(at: string | undefined): Clock {
  let time = at === undefined ? Date.now() : Date.parse(at);
  return {
    now: () => new Date(time),
    advance: (seconds) => {
      time += seconds * 1000;
    },
  };
}
