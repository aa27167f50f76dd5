import { sha256 } from "../repository/sha256.ts";

/** The one stylesheet of all pages. Colours are given once for light and dark; nothing is loaded by it. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1b2130, #e4e8f0);
  --soft: light-dark(#566074, #9aa5ba);
  --back: light-dark(#f7f8fb, #0f1218);
  --card: light-dark(#ffffff, #171b24);
  --line: light-dark(#dfe3ec, #2a3140);
  --accent: light-dark(#1f4fc4, #8fb4ff);
  --good: light-dark(#17693a, #7fd6a0);
  --warn: light-dark(#855300, #f0c070);
  --bad: light-dark(#a3232f, #ff9b9f);
  --c0: light-dark(#1f4fc4, #8fb4ff);
  --c1: light-dark(#d9822b, #f0b070);
  --c2: light-dark(#2a9d8f, #6fd6c8);
  --c3: light-dark(#c0394b, #ff9b9f);
  --c4: light-dark(#7a4fc4, #c4a6ff);
  --c5: light-dark(#8a8f99, #a9b0bd);
  --c6: light-dark(#1b2130, #e4e8f0);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { display: flex; flex-direction: column; min-height: 100vh; margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:not(:hover) { text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; z-index: 1; padding: 0.4rem 0.8rem; background: var(--card); }
.bar { background: var(--card); border-bottom: 1px solid var(--line); }
.bar > div, main, .foot > div { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
.bar > div { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 1.25rem; padding-block: 0.7rem; }
.brand { display: flex; align-items: baseline; gap: 0.5rem; font-weight: 650; letter-spacing: -0.01em; }
.brand a { color: inherit; text-decoration: none; }
.brand span { color: var(--soft); font-weight: 400; }
.who { white-space: nowrap; }
nav.who { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; }
.bar form { flex: 1 1 16rem; display: flex; gap: 0.5rem; max-width: 30rem; margin-left: auto; }
input, select, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line);
  border-radius: 8px; padding: 0.4rem 0.75rem; min-height: 2.5rem; }
input { flex: 1; min-width: 0; width: 100%; }
input::placeholder { color: var(--soft); opacity: 1; }
button { cursor: pointer; background: var(--card); }
button:hover { border-color: var(--accent); }
main { flex: 1; width: 100%; padding-block: 2rem 3rem; overflow-wrap: break-word; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h1 small { color: var(--soft); font-size: 1.15rem; font-weight: 400; letter-spacing: 0; }
h2 { margin: 2.25rem 0 0.75rem; font-size: 1.2rem; letter-spacing: -0.01em; }
h3 { margin: 1.1rem 0 0.35rem; font-size: 0.95rem; }
p { margin: 0.5rem 0; }
.lead { margin: 0.5rem 0 1rem; font-size: 1.08rem; color: var(--soft); max-width: 48rem; overflow-wrap: anywhere; }
.lead b { color: var(--text); }
.soft { color: var(--soft); }
.small { font-size: 0.875rem; }
.badges { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0.75rem 0; padding: 0; list-style: none; }
.badge { display: inline-block; padding: 0.05rem 0.55rem; border: 1px solid var(--line); border-radius: 99px;
  background: var(--card); color: var(--soft); font-size: 0.8rem; line-height: 1.5; white-space: nowrap; }
.good { color: var(--good); border-color: currentColor; }
.warn { color: var(--warn); border-color: currentColor; }
.bad { color: var(--bad); border-color: currentColor; }
.card { margin: 1rem 0; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.note { border-left: 4px solid var(--warn); }
.note.alarm { border-left-color: var(--bad); }
.note p:first-child { margin-top: 0; }
.note p:last-child { margin-bottom: 0; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; grid-template-rows: auto 1fr; gap: 0 2.5rem; }
.columns > aside { grid-column: 2; grid-row: 1 / span 2; }
.columns > div > h2:first-child { margin-top: 1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: 1rem; }
.cards > .card { margin: 0; }
.card > h3:first-child { margin-top: 0; }
.cards + p { margin-top: 1.25rem; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.9rem 1.5rem; margin: 1rem 0;
  padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
aside dl.facts { grid-template-columns: minmax(0, 1fr); }
dt { font-size: 0.8rem; color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul.plain { margin: 0; padding: 0; list-style: none; }
ul.plain li { padding: 0.15rem 0; overflow-wrap: anywhere; }
.command { display: flex; align-items: stretch; gap: 0.5rem; margin: 0.35rem 0; }
.command pre { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: 0; padding: 0.6rem 0.85rem; overflow-x: auto; background: var(--back); border: 1px solid var(--line);
  border-radius: 8px; }
.card pre { background: var(--back); }
code, pre, .mono { font: 0.84rem/1.55 ui-monospace, monospace; }
.command code { user-select: all; }
.copy { display: none; align-self: flex-start; font-size: 0.85rem; }
.js .copy { display: block; }
details { margin: 0.4rem 0; }
summary { cursor: pointer; padding: 0.2rem 0; }
details.card > summary { margin: -0.25rem 0; font-weight: 600; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; }
th, td { padding: 0.5rem 0.85rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 0.8rem; font-weight: 500; color: var(--soft); white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th > details { font-weight: 400; }
[aria-current] { font-weight: 650; text-decoration: none; color: inherit; }
.num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.day { white-space: nowrap; }
.name { overflow-wrap: anywhere; min-width: 12rem; }
.refused > li { overflow-wrap: anywhere; }
.refused > .card { margin: 0.6rem 0; padding: 0.75rem 1.1rem; }
.refused p { margin: 0.3rem 0 0; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: 0.6rem 1rem; margin: 0.75rem 0; }
.filter label { display: grid; gap: 0.2rem; font-size: 0.8rem; color: var(--soft); }
.filter input { flex: none; width: 8.75rem; }
.filter input[type="date"] { width: 9.5rem; }
.filter + .scroll { margin-top: 1.25rem; }
tbody th .soft { font-weight: 400; }
.filter input, .filter select { color: var(--text); font-size: 0.95rem; max-width: 100%; }
.fields { display: grid; gap: 0.9rem; max-width: 36rem; }
.fields > p { margin: 0; }
.fields + .command, .actions + .command { margin-top: 1.25rem; }
.fields label { display: grid; gap: 0.2rem; font-size: 0.875rem; color: var(--soft); }
.fields input, .fields select { color: var(--text); font-size: 1rem; }
.fields button { justify-self: start; }
.fields fieldset { display: grid; gap: 0.35rem; margin: 0; padding: 0.6rem 0.9rem; border: 1px solid var(--line); border-radius: 8px; }
.fields legend { padding: 0 0.3rem; font-size: 0.875rem; color: var(--soft); }
.fields label.check { display: flex; align-items: baseline; gap: 0.6rem; }
.check input { flex: none; width: auto; min-height: 0; }
.check b { color: var(--text); }
summary + .fields { margin-top: 1rem; }
.confirm { font-weight: 400; font-size: 0.875rem; }
.confirm summary { color: var(--bad); }
button.danger { color: var(--bad); border-color: currentColor; }
.actions { margin: 1.25rem 0; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.6rem; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
.done { border-left-color: var(--good); }
ul.jobs > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.5rem 1rem; margin: 0.5rem 0; padding: 0.6rem 1rem; }
.jobs > li > div { flex: 1 1 20rem; }
.jobs form { display: flex; align-items: center; gap: 0.9rem; }
.jobs button { min-width: 9.5rem; }
label.check { display: flex; align-items: baseline; gap: 0.4rem; font-size: 0.875rem; color: var(--soft); }
dl.details { margin: 0.3rem 0 0; }
dl.details > div { display: flex; flex-wrap: wrap; gap: 0 0.6rem; }
.find { display: flex; gap: 0.5rem; max-width: 36rem; margin: 1rem 0; }
ul.results li { padding: 0.75rem 0; border-top: 1px solid var(--line); }
ul.results li:first-child { border-top: 0; }
.results a { font-size: 1.05rem; font-weight: 600; overflow-wrap: anywhere; }
.readme { overflow-wrap: anywhere; }
.readme > :first-child { margin-top: 0; }
.readme h1, .readme h2 { margin: 1.6rem 0 0.6rem; font-size: 1.35rem; }
.readme h3 { font-size: 1.1rem; }
.readme h4, .readme h5, .readme h6 { margin: 1rem 0 0.4rem; font-size: 1rem; }
.readme table { display: block; overflow-x: auto; width: auto; max-width: 100%; margin: 0.8rem 0; }
.readme pre.text { white-space: pre-wrap; border: 0; padding: 0; background: none; }
.readme blockquote { margin: 0.8rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.readme hr { border: 0; border-top: 1px solid var(--line); margin: 1.5rem 0; }
.badges [aria-current] { color: var(--accent); border-color: currentColor; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 29rem), 1fr)); gap: 1rem; }
.plot { margin: 0; }
.plot h2 { margin: 0; font-size: 1rem; }
.plot .lead { margin: 0.15rem 0 0.6rem; color: var(--text); font-size: 1.05rem; }
.plot svg { display: block; width: 100%; height: auto; }
.plot .grid { stroke: var(--line); }
.plot line.level { stroke: var(--warn); stroke-dasharray: 5 4; }
.plot .tick { fill: var(--soft); font-size: 11px; }
.plot polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0.5rem 0; padding: 0; list-style: none; font-size: 0.8rem; }
.key { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 2px; }
.s0 { fill: var(--c0); background: var(--c0); } polyline.s0 { stroke: var(--c0); }
.s1 { fill: var(--c1); background: var(--c1); } polyline.s1 { stroke: var(--c1); }
.s2 { fill: var(--c2); background: var(--c2); }
.s3 { fill: var(--c3); background: var(--c3); }
.s4 { fill: var(--c4); background: var(--c4); }
.s5 { fill: var(--c5); background: var(--c5); }
.s6 { fill: var(--c6); background: var(--c6); }
.key.level { height: 0; border-top: 2px dashed var(--warn); }
.foot { border-top: 1px solid var(--line); color: var(--soft); font-size: 0.875rem; }
.foot > div { display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; padding-block: 1.1rem 2rem; }
.foot p { margin: 0; }
@media (max-width: 56rem) {
  .columns { display: block; }
}
@media (max-width: 40rem) {
  main { padding-block: 1.4rem 2rem; }
  h1 { font-size: 1.6rem; }
  .bar form { flex-basis: 100%; max-width: none; order: 1; }
  .who { margin-left: auto; }
  th, td { padding: 0.45rem 0.6rem; }
}
`;

/** What the stylesheet's address has: another stylesheet has another address, so that caches may keep each for good. */
export const STYLE_DIGEST = sha256(STYLE).slice(0, 16);
