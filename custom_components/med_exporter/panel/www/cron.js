// A schedule as a person says it, and as the cron expression that it stands for.

export const EVERY = ["day", "week", "month"];

const pad = (number) => String(number).padStart(2, "0");

/** Return the expression of `{every, time, weekday, day}`; `weekday` 1 is Monday. */
export function cronOf({ every, time, weekday, day }) {
  const [hour, minute] = time.split(":").map(Number);
  if (every === "week") return `${minute} ${hour} * * ${weekday % 7}`;
  if (every === "month") return `${minute} ${hour} ${day} * *`;
  return `${minute} ${hour} * * *`;
}

/** Return what an expression says to a person; `every` is null for what only experts write. */
export function saidBy(expression) {
  const found = /^(\d+) (\d+) (\d+|\*) \* ([0-7]|\*)$/.exec(expression);
  const said = { every: null, time: "07:00", weekday: 1, day: 1 };
  if (!found) return said;
  const [, minute, hour, day, weekday] = found;
  said.time = `${pad(hour)}:${pad(minute)}`;
  if (day !== "*" && weekday !== "*") return { ...said, every: null };
  if (weekday !== "*") return { ...said, every: "week", weekday: Number(weekday) || 7 };
  if (day !== "*") return { ...said, every: "month", day: Number(day) };
  return { ...said, every: "day" };
}
