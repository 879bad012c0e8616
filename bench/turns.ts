import { type Figures, measureOneWay } from "./rounds.js";

/**
 * What one turn that never waits costs, in nanoseconds of processor time: that of the whole process, so that other work
 * on the machine hardly changes it, and its garbage collections count.
 */
export async function measureTurns(seconds: number, turn: (index: number) => void): Promise<Figures> {
  const { messagesPerSecond = Number.NaN } = await measureOneWay(seconds, async (count) => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) turn(i);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return { nanos: 1e9 / messagesPerSecond };
}
