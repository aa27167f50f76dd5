import { createHash } from "node:crypto";

/** The only script: buttons that copy a command, and "/" that leads to the search field. Pages need it for nothing else. */
export const SCRIPT = `const d=document;if(navigator.clipboard)d.documentElement.classList.add("js");d.addEventListener("click",e=>{const b=e.target.closest?.(".copy");if(!b)return;navigator.clipboard.writeText(b.parentNode.querySelector("code").textContent).then(()=>{b.textContent="Copied";setTimeout(()=>{b.textContent="Copy"},1500)})});d.addEventListener("keydown",e=>{if(e.key==="/"&&!e.ctrlKey&&!e.metaKey&&!e.altKey&&!/^(input|select|textarea)$/i.test(e.target.tagName)){e.preventDefault();d.querySelector("[type=search]")?.focus()}})`;

/** The source by which a page's policy allows exactly this script (CSP 3, 2.3.1). */
export const SCRIPT_SOURCE = `'sha256-${btoa(String.fromCharCode(...createHash("sha256").update(new TextEncoder().encode(SCRIPT)).digest()))}'`;
