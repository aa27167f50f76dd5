/** Inline, so that the page loads nothing else. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2433, #e6e9f0);
  --soft: light-dark(#5b6579, #9aa4b8);
  --back: light-dark(#fbfbfd, #12151c);
  --card: light-dark(#ffffff, #1a1f29);
  --line: light-dark(#e2e6ee, #2b3240);
  --accent: light-dark(#2456c8, #8ab0ff);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 2.1rem; letter-spacing: -0.02em; }
.lead { margin: 0.6rem 0 1.6rem; font-size: 1.1rem; color: var(--soft); }
.lead b { color: var(--text); }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 0 0 2rem; padding: 1rem 1.25rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
dt { font-size: 0.8rem; color: var(--soft); }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
a { color: var(--accent); }
section { margin: 0 0 1.25rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
h2 { margin: 0 0 0.4rem; font-size: 1.15rem; }
h3 { margin: 0.8rem 0 0.35rem; font-size: 0.8rem; font-weight: 500; color: var(--soft); }
pre { margin: 0; padding: 0.7rem 0.9rem; overflow-x: auto; background: var(--back);
  border: 1px solid var(--line); border-radius: 8px; }
code { font: 0.8rem/1.5 ui-monospace, monospace; user-select: all; }
footer { margin-top: 2rem; color: var(--soft); font-size: 0.9rem; }
`;
