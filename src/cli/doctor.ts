import { registry } from "../memory/this-thread.js";
import { addonCheck } from "./doctor/addon-check.js";
import { directoryCheck } from "./doctor/directory-check.js";
import type { Finding } from "./doctor/finding.js";
import { kernelCheck } from "./doctor/kernel-check.js";
import { limitsCheck } from "./doctor/limits-check.js";
import { processCheck } from "./doctor/process-check.js";
import { pythonCheck } from "./doctor/python-check.js";
import { versions } from "./doctor/versions.js";
import { counted } from "./figures.js";
import { type Screen, screenOf } from "./screen.js";

export interface DoctorOptions {
  /** Prints one JSON document instead of lines. */
  readonly json?: boolean;
}

/** Looks at what this machine offers. Gives the exit code: 1 when something that is needed fails. */
export async function doctor({ json }: DoctorOptions): Promise<number> {
  const findings = await examine();
  const failures = findings.filter(({ status }) => status === "fail").length;
  if (json) process.stdout.write(`${JSON.stringify({ works: failures === 0, findings }, null, 2)}\n`);
  else process.stdout.write(lines(findings, screenOf(process.stdout)));
  return failures === 0 ? 0 : 1;
}

/** What cannot work because of something found before is not tried. */
async function examine(): Promise<Finding[]> {
  const python = pythonCheck();
  const findings = [...versions(), addonCheck()];
  if (allWell(findings)) findings.push(...directoryCheck());
  if (allWell(findings)) findings.push(...kernelCheck(registry().directory));
  if (allWell(findings)) findings.push(...(await processCheck()));
  findings.push(...limitsCheck(), await python);
  return findings;
}

const allWell = (findings: readonly Finding[]): boolean => findings.every(({ status }) => status !== "fail");

function lines(findings: readonly Finding[], { colors }: Screen): string {
  const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red };
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const rows = findings.flatMap(({ status, subject, found, advice }) => {
    const row = `${paint[status](status.padEnd(4))}  ${subject.padEnd(width)}  ${found}`;
    return advice === undefined ? [row] : [row, `${" ".repeat(width + 8)}${advice}`];
  });
  const count = (status: Finding["status"]): number => findings.filter((one) => one.status === status).length;
  const sum =
    count("fail") > 0
      ? colors.red(`${counted(count("fail"), "failure")}: shared memory does not work here`)
      : `shared memory works here${count("warn") > 0 ? `, with ${counted(count("warn"), "warning")}` : ""}`;
  return `${[...rows, "", sum].join("\n")}\n`;
}
