import assert from "node:assert/strict";

/** A sample as a scraper has it. */
export interface Scraped {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|\+Inf|-Inf|NaN)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const SUFFIXES = /_(bucket|sum|count)$/;

/** Reads Prometheus' text format 0.0.4 as its grammar has it, and fails at the first line that is none of it. */
export function scraped(text: string): Scraped[] {
  assert.ok(text.endsWith("\n"), "it ends with a line feed");
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const samples: Scraped[] = [];
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, what, name, rest] = comment;
      if (what === "TYPE") {
        assert.ok(!types.has(name), `one TYPE of ${name}`);
        assert.match(rest, /^(counter|gauge|histogram)$/);
        types.set(name, rest);
      }
      continue;
    }
    const [, name, inside = "", figure] = LINE.exec(line) ?? assert.fail(`no sample: ${line}`);
    const family = types.has(name) ? name : name.replace(SUFFIXES, "");
    assert.ok(types.has(family), `a TYPE stands before ${line}`);
    assert.equal(SUFFIXES.test(name) && types.get(family) === "histogram", family !== name, line);
    const labels: Record<string, string> = {};
    LABEL.lastIndex = 0;
    for (let at = 0; at < inside.length; at = LABEL.lastIndex) {
      const [, label, value] = LABEL.exec(inside) ?? assert.fail(`no label at ${at}: ${line}`);
      labels[label] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
    }
    const key = `${name} ${JSON.stringify(labels)}`;
    assert.ok(!seen.has(key), `one sample of ${key}`);
    seen.add(key);
    samples.push({ name, labels, value: figure === "+Inf" ? Number.POSITIVE_INFINITY : Number(figure) });
  }
  return samples;
}

/** The one sample of a name that has these labels. */
export function sampleOf(samples: readonly Scraped[], name: string, labels: Readonly<Record<string, string>>): number {
  const found = samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
  assert.equal(found.length, 1, `${name} ${JSON.stringify(labels)}: ${JSON.stringify(found)}`);
  return found[0].value;
}
