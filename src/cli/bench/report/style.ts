/** The style of the report: two themes, as the reader's system has it, and nothing from elsewhere. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2128; --soft: #5b6572; --rule: #d9dee4; --bar: #2667c9; --tail: #8a4b00; --best: #e6f0fe; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e4e8ec; --soft: #9aa5b1; --rule: #313943; --bar: #6ea8fe; --tail: #f0b060; --best: #1b2c45; }
}
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p, li { max-width: 46rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; }
.warning { border-left: 4px solid var(--tail); padding: .4rem .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .3rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, .text { text-align: left; }
.text { white-space: normal; min-width: 7rem; }
td.text + td.text { min-width: 14rem; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
td.best { background: var(--best); font-weight: 600; }
figure { margin: 0 0 1.4rem; }
figcaption { font-weight: 600; }
svg { width: 100%; max-width: 60rem; height: auto; font: 12px system-ui, sans-serif; }
.grid { stroke: var(--rule); stroke-width: 1; }
.tick { fill: var(--soft); text-anchor: middle; font-size: 11px; }
.label { fill: var(--ink); text-anchor: end; }
.value { fill: var(--soft); font-size: 11px; }
.bar { fill: var(--bar); }
.tail { stroke: var(--tail); stroke-width: 1.5; fill: none; }
`;
